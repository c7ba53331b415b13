// SPDX-License-Identifier: Apache-2.0
// The hashes of a Merkle tree. Spec: RFC 6962 §2.1.

import { sha256 } from "#sha256";
import type { Brand } from "../brand.ts";

/** A SHA-256 hash, 32 bytes. */
export type Hash = Brand<Uint8Array, "Hash">;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Brands 32 bytes as a hash. Throws RangeError for any other length: a bug of the caller, or a damaged store. */
export function hash(bytes: Uint8Array): Hash {
  if (bytes.length !== 32) throw new RangeError(`a hash of ${bytes.length} bytes`);
  return bytes as Hash;
}

/** SHA-256(0x00 ‖ data). */
export const leafHash = (data: Uint8Array): Hash => hash(sha256(LEAF, data));

/** SHA-256(0x01 ‖ left ‖ right). */
export const nodeHash = (left: Hash, right: Hash): Hash => hash(sha256(NODE, left, right));

/** The root of the empty tree: SHA-256(""). */
export const EMPTY_ROOT: Hash = hash(sha256());
