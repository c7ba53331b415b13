// SPDX-License-Identifier: Apache-2.0
// Logs of signatures in the protocol of Rekor v1, whose records are canonical bodies. A log beside the signature log:
// clients of one version cannot read the entries and checkpoints of the other.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml; https://c2sp.org/tlog-tiles

import { hostOfOrigin, originOfTree } from "../../rekor-v1/entry-id.ts";
import { readStoredKind } from "../../rekor-v1/stored.ts";
import { rekorV1RecordRow } from "../../search/record-row.ts";
import { NOTE_ECDSA } from "../../tlog/note.ts";
import type { LogKindFacts, RecordFormat } from "./kind.ts";
import { SIGNATURE_RECORDS } from "./signature.ts";

export const REKOR_V1_LOG: LogKindFacts = {
  holds: "signatures for clients of Rekor v1",
  bundleLevel: "entries",
  basePath: "/rekor-v1",
  originOf: originOfTree,
  signerNameOf: hostOfOrigin,
  hasSidecars: true,
  // rekor-cli cannot handle an empty log.
  genesisSize: 1,
  trustedRootMember: "tlogs",
  isRekor: true,
  logsDigests: false,
  writer: "clients",
  rekorApi: 1,
  ownCheckpointType: null,
  checkpointKey: (key) => (key.kind.startsWith("ecdsa") ? { type: NOTE_ECDSA, key: key.spki } : null),
};

export const REKOR_V1_RECORDS: RecordFormat = {
  ...SIGNATURE_RECORDS,
  searchRow: rekorV1RecordRow,
  show: (record, hints) => {
    const kindVersion = readStoredKind(record);
    return kindVersion && { body: record, kindVersion, hints };
  },
};
