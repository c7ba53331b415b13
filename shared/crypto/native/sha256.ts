// SPDX-License-Identifier: Apache-2.0
// SHA-256 by node:crypto: synchronous, so that a sequencing round has no await, and native, which matters for long
// inputs.

import { createHash } from "node:crypto";

/** Hashes the concatenation of `parts`; returns 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
