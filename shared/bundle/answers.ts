// SPDX-License-Identifier: Apache-2.0
// The answers of CA, timestamp authority and log that are not what a signer asked for: when it asks again, and what it
// says to the person.
// Spec: RFC 9110 §10.2.3 (Retry-After), §15.6; RFC 6585 §4

import { member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";

const ATTEMPTS = 4;
/** Nobody watches for longer; they can begin again themselves. */
const MAX_WAIT_SECONDS = 60;
/** 429: too many at once. 502, 503, 504: busy, or restarting. */
const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** The beginning of an answer; a request without an answer has none. */
export interface AnswerHead {
  readonly status: number;
  /** The header of that name. */
  readonly retryAfter: string | null;
}

/**
 * The seconds to wait before the request is sent again; null if it is not. Every request of a signer may be repeated:
 * the same again changes nothing.
 * @param attempt how often it was sent, from 1
 */
export function secondsUntilRetry(answer: AnswerHead | null, attempt: number): number | null {
  const isBusy = answer === null || BUSY.has(answer.status);
  const seconds = readSeconds(answer?.retryAfter ?? null) ?? 2 ** (attempt - 1);
  return isBusy && attempt < ATTEMPTS && seconds <= MAX_WAIT_SECONDS ? seconds : null;
}

/** Whole seconds; our services send no dates. */
const readSeconds = (text: string | null): number | null =>
  text !== null && /^\d{1,6}$/.test(text) ? Math.max(1, Number(text)) : null;

/** Says that a request is sent again. @param who for sentences, as "the log" */
export const describeWait = (who: string, seconds: number): string =>
  `${who} is busy; trying again in ${seconds} ${seconds === 1 ? "second" : "seconds"}`;

/** Says what a service answered instead of doing what it was asked. @param who for sentences, as "the log" */
export function describeRefusal(who: string, status: number, answer: Uint8Array): string {
  const reason = readReason(answer);
  const what = BUSY.has(status) || status >= 500 ? "cannot do this now" : "rejected the request";
  return `${who} ${what} (${status})${reason === "" ? "" : `: ${reason}`}`;
}

/** More than any message of a service. */
const MAX_REASON_CHARS = 300;

/** The `message` of a gRPC gateway's error, or the beginning of the text. */
function readReason(answer: Uint8Array): string {
  const json = parseJson(answer);
  const message = json.ok ? member(json.value, "message") : undefined;
  return (typeof message === "string" ? message : new TextDecoder().decode(answer)).slice(0, MAX_REASON_CHARS).trim();
}
