// SPDX-License-Identifier: Apache-2.0
// Requests to CA, timestamp authority and log. A service that is busy says when to come back; the request is retried
// then.
// Spec: RFC 9110 §10.2.3 (Retry-After); RFC 6585 §4

import { readRefusal } from "../../../../shared/bundle/signing.ts";
import { parseJson } from "../../../../shared/json/parse.ts";
import { err, ok, type Result } from "../../../../shared/result.ts";

/** How a caller follows a request. */
export interface Following {
  /** Hears a sentence while a request has to wait. */
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
}

/** A body of some media type. */
interface Sent {
  readonly type: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

interface Target {
  readonly url: string;
  /** `the log`, for sentences. */
  readonly who: string;
}

const ATTEMPTS = 4;
const DEADLINE_MS = 30_000;
/** Nobody watches a page for longer; the person can try again themselves. */
const MAX_WAIT_SECONDS = 60;
/** 429: too many at once. 503, 502, 504: busy, or restarting. */
const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Posts JSON, and reads JSON. The error is a sentence. */
export async function postJson(
  target: Target,
  message: object,
  following: Following,
): Promise<Result<unknown, string>> {
  const sent = { type: "application/json", body: JSON.stringify(message) };
  const answer = await post(target, sent, following);
  const json = answer.ok ? parseJson(answer.value) : answer;
  if (json.ok) return json;
  return answer.ok ? err(`${target.who} does not answer JSON`) : answer;
}

/** Posts a body of its own type. Every such request may be repeated: the same again changes nothing. */
export async function post(
  { url, who }: Target,
  sent: Sent,
  { tell, signal }: Following,
): Promise<Result<Uint8Array, string>> {
  for (let attempt = 1; ; attempt++) {
    const answer = await send(url, sent, signal);
    if (signal.aborted) return err("you stopped it");
    if (answer !== null && answer.status < 300) return ok(answer.bytes);
    const isBusy = answer === null || BUSY.has(answer.status);
    const problem =
      answer === null ? `${who} cannot be reached` : `${who} refuses (${answer.status}): ${readRefusal(answer.bytes)}`;
    const seconds = answer?.retryAfterSeconds ?? 2 ** (attempt - 1);
    if (!isBusy || attempt === ATTEMPTS || seconds > MAX_WAIT_SECONDS) return err(problem);
    tell(`${who} is busy; asking again in ${seconds} ${seconds === 1 ? "second" : "seconds"}`);
    await wait(seconds * 1000, signal);
  }
}

interface Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
  readonly retryAfterSeconds: number | null;
}

/** Null if there is no answer. */
async function send(url: string, { type, body }: Sent, signal: AbortSignal): Promise<Answer | null> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": type },
      body,
      credentials: "omit",
      redirect: "error",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, bytes, retryAfterSeconds: readSeconds(response.headers.get("retry-after")) };
  } catch {
    return null;
  }
}

/** Whole seconds; our services send no dates. */
const readSeconds = (text: string | null): number | null =>
  text !== null && /^\d{1,6}$/.test(text) ? Math.max(1, Number(text)) : null;

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
