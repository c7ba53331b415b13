// SPDX-License-Identifier: Apache-2.0
// TransparencyLogEntry: what a client stores in its bundle. Every member is written, also the empty ones: sigstore-python
// demands all of inclusionProof, and no client minds those that Rekor v2 leaves at zero.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_rekor.proto

import { encodeBase64 } from "../bytes/base64.ts";
import { ENTRY_KIND } from "./entry.ts";

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

/** The message in protobuf JSON: 64-bit integers as decimal strings. `logId` is the SHA-256 of the log's SPKI. */
export function toTransparencyLogEntry(logId: Uint8Array, entry: ProvenEntry): object {
  return {
    logIndex: String(entry.leafIndex),
    logId: { keyId: encodeBase64(logId) },
    kindVersion: ENTRY_KIND,
    // Rekor v2 promises nothing and keeps no time: the inclusion is proven, the time is the timestamp authority's.
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
