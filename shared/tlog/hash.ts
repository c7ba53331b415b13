// SPDX-License-Identifier: Apache-2.0
// The hashes of a Merkle tree. Spec: RFC 6962 §2.1.

import { sha256 } from "#sha256";
import type { Brand } from "../brand.ts";

/** 32 bytes of SHA-256. */
export type Hash = Brand<Uint8Array, "Hash">;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Takes 32 bytes for a hash; throws RangeError (a bug of the caller, or a damaged store) at any other length. */
export function hash(bytes: Uint8Array): Hash {
  if (bytes.length !== 32) throw new RangeError(`a hash of ${bytes.length} bytes`);
  return bytes as Hash;
}

/** SHA-256(0x00 ‖ data). */
export const leafHash = (data: Uint8Array): Hash => hash(sha256(LEAF, data));

/** SHA-256(0x01 ‖ left ‖ right). */
export const nodeHash = (left: Hash, right: Hash): Hash => hash(sha256(NODE, left, right));

/** The root of a tree without leaves: SHA-256(""). */
export const EMPTY_ROOT: Hash = hash(sha256());
