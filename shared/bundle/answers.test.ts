// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { describeRefusal, secondsUntilRetry } from "./answers.ts";

it.each<
  readonly [what: string, answer: Parameters<typeof secondsUntilRetry>[0], attempt: number, seconds: number | null]
>([
  ["no answer", null, 1, 1],
  ["no answer, for the third time", null, 3, 4],
  ["no answer, for the fourth time", null, 4, null],
  ["busy", { status: 503, retryAfter: "7" }, 1, 7],
  ["busy, and does not say for how long", { status: 502, retryAfter: null }, 2, 2],
  ["busy for no time", { status: 429, retryAfter: "0" }, 1, 1],
  ["busy until a date", { status: 504, retryAfter: "Wed, 21 Oct 2026 07:28:00 GMT" }, 1, 1],
  ["busy for an hour", { status: 503, retryAfter: "3600" }, 1, null],
  ["busy for the last time", { status: 503, retryAfter: "1" }, 4, null],
  ["rejected", { status: 400, retryAfter: "1" }, 1, null],
  ["failed", { status: 500, retryAfter: "1" }, 1, null],
])("%s: waits so long", (_, answer, attempt, seconds) => {
  expect(secondsUntilRetry(answer, attempt)).toBe(seconds);
});

it.each([
  [
    400,
    '{"code":3,"message":"the token has expired","details":[]}',
    "the CA rejected the request (400): the token has expired",
  ],
  [503, "come back later\n", "the CA cannot do this now (503): come back later"],
  [429, "", "the CA cannot do this now (429)"],
  [500, "x".repeat(1000), `the CA cannot do this now (500): ${"x".repeat(300)}`],
])("%i is put in words", (status, answer, text) => {
  expect(describeRefusal("the CA", status, new TextEncoder().encode(answer))).toBe(text);
});
