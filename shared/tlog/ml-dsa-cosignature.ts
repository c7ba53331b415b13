// SPDX-License-Identifier: Apache-2.0
// Signatures of type 06: ML-DSA-44 over a tree or a subtree, by a log or by a witness. They cover origin, range and
// root, not the extension lines of a checkpoint. Spec: https://c2sp.org/tlog-cosignature

import { verifyMlDsa44 } from "#ml-dsa";
import { concat } from "../bytes/bytes.ts";
import { decodeBytes } from "../bytes/reader.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { uint } from "../bytes/writer.ts";
import type { Hash } from "./hash.ts";

export const ML_DSA_44_KEY_BYTES = 1312;
const SIGNATURE_BYTES = 2420;

/** The entries that a line is over. */
export interface SignedSubtree {
  /** The name of the signer's key: a log's is its origin. */
  readonly cosigner: string;
  readonly origin: string;
  /** The entries from `start` on, below `end`. A whole tree starts at 0 and ends at its size. */
  readonly start: number;
  readonly end: number;
  readonly root: Hash;
}

// struct { uint8 label[12] = "subtree/v1\n\0"; opaque cosigner<1..255>; uint64 time; opaque origin<1..255>;
//          uint64 start; uint64 end; uint8 root[32]; }
/** The message that is signed. @param seconds since 1970; 0 says nothing about the time */
export const messageOfSubtree = ({ cosigner, origin, start, end, root }: SignedSubtree, seconds: number): Uint8Array =>
  concat(
    encodeUtf8("subtree/v1\n\0"),
    encodeName(cosigner),
    uint(seconds, 8),
    encodeName(origin),
    uint(start, 8),
    uint(end, 8),
    root,
  );

const encodeName = (name: string): Uint8Array => {
  const bytes = encodeUtf8(name);
  return concat(uint(bytes.length, 1), bytes);
};

/**
 * Verifies the bytes of a line, without the key id: the time in seconds (8 bytes) and the signature (2,420). Returns
 * the time, null if they are not the key's signature. Rejects on a runtime without ML-DSA-44.
 */
export async function verifySubtree(
  publicKey: Uint8Array,
  subtree: SignedSubtree,
  line: Uint8Array,
): Promise<number | null> {
  const parts = decodeBytes(line, (reader) => ({ seconds: reader.uint(8), signature: reader.bytes(SIGNATURE_BYTES) }));
  if (!parts.ok || isTooLong(subtree.cosigner) || isTooLong(subtree.origin)) return null;
  const { seconds, signature } = parts.value;
  return (await verifyMlDsa44(publicKey, messageOfSubtree(subtree, seconds), signature)) ? seconds : null;
}

const isTooLong = (name: string): boolean => encodeUtf8(name).length > 255;
