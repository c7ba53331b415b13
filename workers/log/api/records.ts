// SPDX-License-Identifier: Apache-2.0
// How the read API shows an entry, one function per kind of log.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { decodeTileLeaves, encodeMerkleTreeLeaf } from "../../../shared/ct/leaf.ts";
import type { LogKind } from "../../../shared/logs/kinds.ts";
import { ENTRY_KIND } from "../../../shared/rekor/entry.ts";
import type { TailEntry } from "../../../shared/rpc/sequencer.ts";

export interface ShownEntry {
  /** The data that the leaf hash covers. */
  readonly body: Uint8Array;
  readonly kindVersion: { readonly kind: string; readonly version: string };
  /** For an attestation: what the leaf does not hold. The log does not prove it. */
  readonly hints?: TailEntry["hints"];
  /** For a certificate log: the certificate or precertificate as submitted, base64 DER. */
  readonly certificate?: string;
}

/** Null if the record does not parse. */
export const SHOW_ENTRY: Readonly<Record<LogKind, (entry: TailEntry) => ShownEntry | null>> = {
  signature: ({ record, hints }) => ({ body: record, kindVersion: ENTRY_KIND, hints }),
  certificate: ({ record }) => {
    const leaves = decodeTileLeaves(record);
    const [leaf] = leaves.ok ? leaves.value : [];
    if (leaf === undefined) return null;
    return {
      body: encodeMerkleTreeLeaf(leaf.entry),
      // MerkleTreeLeaf, version v1 (RFC 6962 §3.4).
      kindVersion: { kind: leaf.entry.entryType, version: "1" },
      certificate: encodeBase64(leaf.precertificate ?? leaf.entry.signedEntry),
    };
  },
};
