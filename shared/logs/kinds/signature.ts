// SPDX-License-Identifier: Apache-2.0
// Logs of signatures: Rekor v2, whose records are canonical bodies. Spec: https://c2sp.org/tlog-tiles

import { ENTRY_KIND } from "../../rekor/entry.ts";
import { signatureRecordRow } from "../../search/record-row.ts";
import { decodeEntryBundle, frameEntry } from "../../tlog/entries.ts";
import { NOTE_ECDSA, NOTE_ED25519 } from "../../tlog/note.ts";
import type { LogKindFacts, RecordFormat } from "./kind.ts";

export const SIGNATURE_LOG: LogKindFacts = {
  holds: "signatures",
  bundleLevel: "entries",
  basePath: "",
  // No port: sigstore-go compares the origin with the URL's host name.
  originOf: (baseUrl) => new URL(baseUrl).hostname,
  signerNameOf: (origin) => origin,
  hasSidecars: true,
  genesisSize: 1,
  trustedRootMember: "tlogs",
  isRekor: true,
  logsDigests: true,
  writer: "clients",
  rekorApi: 2,
  ownCheckpointType: null,
  checkpointKey: (key) => {
    if (key.kind === "ed25519") return { type: NOTE_ED25519, key: key.point };
    return key.kind.startsWith("ecdsa") ? { type: NOTE_ECDSA, key: key.spki } : null;
  },
};

export const SIGNATURE_RECORDS: RecordFormat = {
  split: (bundle) => {
    const entries = decodeEntryBundle(bundle);
    return entries.ok ? entries.value : null;
  },
  frame: frameEntry,
  leafData: (record) => record,
  timestamp: () => null,
  namedPaths: null,
  searchRow: signatureRecordRow,
  show: (record, hints) => ({ body: record, kindVersion: ENTRY_KIND, hints }),
};
