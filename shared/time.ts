// SPDX-License-Identifier: Apache-2.0
// Points in time. Nothing in shared/ reads a clock: time is always a parameter.

import type { Brand } from "./brand.ts";

/** Milliseconds since the Unix epoch, a non-negative safe integer. */
export type UnixMs = Brand<number, "UnixMs">;

/** Checks that `value` is a non-negative safe integer; throws RangeError (a bug of the caller) otherwise. */
export function unixMs(value: number): UnixMs {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a time in ms: ${value}`);
  return value as UnixMs;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** As `date -u` prints it in the C locale, and Go's time.UnixDate: `Mon Jan  2 15:04:05 UTC 2006`. */
export function formatUnixDate(time: UnixMs): string {
  const date = new Date(time);
  const day = String(date.getUTCDate()).padStart(2, " ");
  const clock = date.toISOString().slice(11, 19);
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${clock} UTC ${date.getUTCFullYear()}`;
}

/** RFC 3339 in UTC with whole seconds, as protobuf JSON and TUF print it: `2026-01-02T03:04:05Z`. */
export function formatRfc3339(time: UnixMs): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
