// SPDX-License-Identifier: Apache-2.0
// Sizes and indexes in text.

/**
 * Parses exactly what String(n) prints for 0 to 2^53−1. Returns null otherwise, so that no number has two spellings.
 */
export function parseDecimal(text: string): number | null {
  const number = Number(text);
  return /^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(number) ? number : null;
}
