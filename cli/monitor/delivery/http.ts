// SPDX-License-Identifier: Apache-2.0
// One request to a receiver. No redirect is followed, and the answer is bounded in size and time. The operator wrote
// the address into the configuration of their own machine, so it may lie inside the network.

import { decodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { readBody } from "../../../shared/http/body.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Attempt } from "./deliver.ts";

/** A request. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for a GET. */
  readonly body: string | null;
  /** Otherwise the status is all that is read of the answer, so that its length and speed do not matter. */
  readonly wantsText: boolean;
}

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Null if nobody wants it, or if it is too long, not UTF-8 or cut off. */
  readonly text: string | null;
}

/** A receiver that takes longer is down: the event waits for the next attempt. */
const TIMEOUT_MS = 15_000;
/** A hundred issues of GitHub with their bodies. */
const MAX_ANSWER_BYTES = 8 * 2 ** 20;

/** Sends a request. Fails with the reason why there is no answer. */
export async function sendRequest(
  { url, headers, body, wantsText }: Post,
  timeoutMs = TIMEOUT_MS,
): Promise<Result<Answer, string>> {
  try {
    const response = await fetch(url, {
      method: body === null ? "GET" : "POST",
      headers: { "user-agent": "sigedge-monitor", ...headers },
      ...(body === null ? {} : { body }),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = wantsText ? await readText(response) : null;
    if (!wantsText) await response.body?.cancel();
    return ok({ status: response.status, headers: response.headers, text });
  } catch (error) {
    return err(describeFailure(error, timeoutMs));
  }
}

async function readText(response: Response): Promise<string | null> {
  const read = await readBody(response, MAX_ANSWER_BYTES);
  const text = read.ok ? decodeUtf8(read.value) : read;
  return text.ok ? text.value : null;
}

/** The code of the system's error: ECONNREFUSED. A message could quote the URL, which may hold a secret. */
function describeFailure(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "the request failed";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1000} seconds`;
  const code: unknown = error.cause instanceof Error ? Reflect.get(error.cause, "code") : null;
  return typeof code === "string" ? `no connection: ${code}` : "no connection";
}

/** Statuses of an answer about this message, and not about the sender, the address or the time. */
const REJECTIONS: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/** The meaning of an answer for the attempt. */
export function judgeAnswer({ status, headers }: Answer, at: number): Attempt {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  return {
    kind: "failed",
    reason: status >= 300 && status < 400 ? `status ${status}: a redirect is not followed` : `status ${status}`,
    isRejection: REJECTIONS.has(status),
    retryAfterMs: readRetryAfter(headers.get("retry-after"), at),
  };
}

/** Retry-After: seconds, or a date (RFC 9110 §10.2.3). */
function readRetryAfter(value: string | null, at: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - at);
}

/** Makes a failed attempt that is no rejection. */
export const toFailure = (reason: string): Attempt => ({
  kind: "failed",
  reason,
  isRejection: false,
  retryAfterMs: null,
});
