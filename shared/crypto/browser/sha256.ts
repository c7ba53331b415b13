// SPDX-License-Identifier: Apache-2.0
// SHA-256 for the browser, which has no node:crypto and whose WebCrypto is asynchronous.

import { sha256 as noble } from "@noble/hashes/sha2.js";

/** Hashes the concatenation of `parts`; returns 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const hash = noble.create();
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
