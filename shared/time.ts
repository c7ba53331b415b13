// SPDX-License-Identifier: Apache-2.0
// Points in time. Nothing in shared/ reads a clock; time is always a parameter.

import type { Brand } from "./brand.ts";

/** Milliseconds since the Unix epoch, a non-negative safe integer. */
export type UnixMs = Brand<number, "UnixMs">;

/** Brands a non-negative safe integer. Throws RangeError (a caller's bug) for any other number. */
export function unixMs(value: number): UnixMs {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a time in ms: ${value}`);
  return value as UnixMs;
}

/** 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can write. */
const LAST_UNIX_MS = 253_402_300_799_999;

/** Reads a stored time in ms. Null for anything else, and for a time that no format of this project can write. */
export const parseUnixMs = (value: unknown): UnixMs | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= LAST_UNIX_MS
    ? unixMs(value)
    : null;

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Formats as `date -u` does in the C locale, and Go's time.UnixDate: `Mon Jan  2 15:04:05 UTC 2006`. */
export function formatUnixDate(time: UnixMs): string {
  const date = new Date(time);
  const day = String(date.getUTCDate()).padStart(2, " ");
  const clock = date.toISOString().slice(11, 19);
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${clock} UTC ${date.getUTCFullYear()}`;
}

/** The month of a time in UTC, in months since the year 0. */
export function monthOf(time: UnixMs): number {
  const date = new Date(time);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
}

/** When a month begins. */
export const monthStart = (month: number): UnixMs => unixMs(Math.max(0, Date.UTC(Math.floor(month / 12), month % 12)));

/** Formats as RFC 3339 in UTC with whole seconds, like protobuf JSON and TUF: `2026-01-02T03:04:05Z`. */
export function formatRfc3339(time: UnixMs): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
