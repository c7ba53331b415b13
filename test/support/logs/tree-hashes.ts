// SPDX-License-Identifier: Apache-2.0
// The hashes of RFC 6962 §2.1 over node:crypto, for the oracles of trees. Shares nothing with the code under test.

import { createHash } from "node:crypto";

/** SHA-256 of the parts, one after the other; of nothing: the root of the empty tree. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** SHA-256 of 0x00 and the leaf. */
export const plainLeafHash = (data: Uint8Array): Buffer => sha256(Uint8Array.of(0), data);

/** SHA-256 of 0x01 and both children. */
export const plainNodeHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Uint8Array.of(1), left, right);
