// SPDX-License-Identifier: Apache-2.0
// TransparencyLogEntry, which a client stores in its bundle. Empty members are written too: sigstore-python requires
// all of inclusionProof, and no client rejects the members that Rekor v2 leaves at zero.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_rekor.proto

import { encodeBase64 } from "../bytes/base64.ts";
import { ENTRY_KIND } from "./entry.ts";

/** An entry with its inclusion proof. */
export interface ProvenEntry {
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly rootHash: Uint8Array;
  /** Leaf to root, in the tree of `treeSize`. */
  readonly proof: readonly Uint8Array[];
  /** The signed note of that tree. */
  readonly checkpoint: string;
  readonly body: Uint8Array;
}

/**
 * Makes the message in protobuf JSON: 64-bit integers are decimal strings. `logId` is the SHA-256 of the log's SPKI.
 */
export function toTransparencyLogEntry(logId: Uint8Array, entry: ProvenEntry): object {
  return {
    logIndex: String(entry.leafIndex),
    logId: { keyId: encodeBase64(logId) },
    kindVersion: ENTRY_KIND,
    // Rekor v2 makes no promise and keeps no time: the proof shows inclusion, a timestamp authority gives the time.
    integratedTime: "0",
    inclusionPromise: null,
    inclusionProof: {
      logIndex: String(entry.leafIndex),
      rootHash: encodeBase64(entry.rootHash),
      treeSize: String(entry.treeSize),
      hashes: entry.proof.map(encodeBase64),
      checkpoint: { envelope: entry.checkpoint },
    },
    canonicalizedBody: encodeBase64(entry.body),
  };
}
