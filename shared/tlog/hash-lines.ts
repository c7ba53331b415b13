// SPDX-License-Identifier: Apache-2.0
// The hashes of a proof as text: one line each, in base64.

import { decodeBase64 } from "../bytes/base64.ts";
import { type Hash, hash } from "./hash.ts";

/** Parses the lines; null if one is not 32 bytes in base64, or if there are more than `max`. */
export function parseHashLines(lines: readonly string[], max: number): readonly Hash[] | null {
  if (lines.length > max) return null;
  const hashes: Hash[] = [];
  for (const line of lines) {
    const bytes = decodeBase64(line);
    if (!bytes.ok || bytes.value.length !== 32) return null;
    hashes.push(hash(bytes.value));
  }
  return hashes;
}
