// SPDX-License-Identifier: Apache-2.0
// Requests to CA, timestamp authority and log. A service that is busy says when to come back; the request is retried
// then.

import {
  type AnswerHead,
  describeRefusal,
  describeWait,
  secondsUntilRetry,
} from "../../../../shared/bundle/answers.ts";
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

const DEADLINE_MS = 30_000;

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
  return answer.ok ? err(`${target.who} answered with something other than JSON`) : answer;
}

/** Posts a body of its own type. */
export async function post(
  { url, who }: Target,
  sent: Sent,
  { tell, signal }: Following,
): Promise<Result<Uint8Array, string>> {
  for (let attempt = 1; ; attempt++) {
    const answer = await send(url, sent, signal);
    if (signal.aborted) return err("you stopped it");
    if (answer !== null && answer.status < 300) return ok(answer.bytes);
    const seconds = secondsUntilRetry(answer, attempt);
    if (seconds === null) {
      return err(
        answer === null
          ? `${who} could not be reached; check your connection`
          : describeRefusal(who, answer.status, answer.bytes),
      );
    }
    tell(describeWait(who, seconds));
    await wait(seconds * 1000, signal);
  }
}

interface Answer extends AnswerHead {
  readonly bytes: Uint8Array;
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
    return { status: response.status, bytes, retryAfter: response.headers.get("retry-after") };
  } catch {
    return null;
  }
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
