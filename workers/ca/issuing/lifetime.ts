// SPDX-License-Identifier: Apache-2.0
// How long a signing certificate is valid.

import { err, ok, type Result } from "../../../shared/result.ts";

/** Fulcio's fixed lifetime: long enough for a slow upload, too short for a stolen key to be worth much. */
const DEFAULT_LIFETIME_SECONDS = 600;
const MIN_LIFETIME_SECONDS = 60;
const MAX_LIFETIME_SECONDS = 3600;

export const DEFAULT_LIFETIME_MS = DEFAULT_LIFETIME_SECONDS * 1000;

/** Parses CERTIFICATE_LIFETIME, decimal seconds, into milliseconds. The error completes "CERTIFICATE_LIFETIME …". */
export function parseLifetime(text: string): Result<number, string> {
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return seconds < MIN_LIFETIME_SECONDS || seconds > MAX_LIFETIME_SECONDS
    ? err(`must be ${MIN_LIFETIME_SECONDS} to ${MAX_LIFETIME_SECONDS} seconds`)
    : ok(seconds * 1000);
}
