// SPDX-License-Identifier: Apache-2.0
// Logs of certificates, whose records are tile leaves. Spec: https://c2sp.org/static-ct-api

import { encodeBase64 } from "../../bytes/base64.ts";
import { decodeTileLeaves, encodeMerkleTreeLeaf, issuerPath, splitTileLeaves, type TileLeaf } from "../../ct/leaf.ts";
import { certificateRecordRow } from "../../search/record-row.ts";
import { NOTE_RFC6962 } from "../../tlog/note.ts";
import type { LogKindFacts, RecordFormat } from "./kind.ts";

export const CERTIFICATE_LOG: LogKindFacts = {
  holds: "certificates",
  bundleLevel: "data",
  basePath: "/ct",
  // The submission prefix without its scheme (static-ct-api).
  originOf: (baseUrl) => baseUrl.replace(/^https?:\/\//, ""),
  signerNameOf: (origin) => origin,
  hasSidecars: false,
  genesisSize: 0,
  trustedRootMember: "ctlogs",
  isRekor: false,
  logsDigests: false,
  writer: "ca",
  rekorApi: null,
  ownCheckpointType: NOTE_RFC6962,
  checkpointKey: ({ spki }) => ({ type: NOTE_RFC6962, key: spki }),
};

export const CERTIFICATE_RECORDS: RecordFormat = {
  split: (bundle) => {
    const leaves = splitTileLeaves(bundle);
    return leaves.ok ? leaves.value : null;
  },
  frame: (record) => record,
  leafData: (record) => {
    const leaf = readTileLeaf(record);
    return leaf === null ? null : encodeMerkleTreeLeaf(leaf.entry);
  },
  timestamp: (record) => readTileLeaf(record)?.entry.timestamp ?? null,
  namedPaths: (record) => readTileLeaf(record)?.chainFingerprints.map(issuerPath) ?? [],
  searchRow: certificateRecordRow,
  show: (record) => {
    const leaf = readTileLeaf(record);
    if (leaf === null) return null;
    return {
      body: encodeMerkleTreeLeaf(leaf.entry),
      // MerkleTreeLeaf, version v1 (RFC 6962 §3.4).
      kindVersion: { kind: leaf.entry.entryType, version: "1" },
      certificate: encodeBase64(leaf.precertificate ?? leaf.entry.signedEntry),
    };
  },
};

function readTileLeaf(record: Uint8Array): TileLeaf | null {
  const leaves = decodeTileLeaves(record);
  const [leaf, ...more] = leaves.ok ? leaves.value : [];
  return leaf === undefined || more.length > 0 ? null : leaf;
}
