// SPDX-License-Identifier: Apache-2.0
// When an end is near enough to warn of it.

/** Early enough for a person to act. */
export const EXPIRY_MS = 14 * 86_400_000;
/** The TUF timestamp is renewed by itself every day. */
export const TIMESTAMP_EXPIRY_MS = 6 * 3_600_000;
