// SPDX-License-Identifier: Apache-2.0
// The signature log: a Rekor v2 log of canonical bodies. The first line of a checkpoint is ECDSA, the second Ed25519
// under the same name. Spec: https://c2sp.org/tlog-tiles

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { SIGNATURE_RECORDS } from "../../../shared/logs/kinds/signature.ts";
import type { AttestationHints } from "../../../shared/rekor/hints.ts";
import type { SignatureSubmission } from "../../../shared/rpc/sequencer.ts";
import type { SearchRow } from "../../../shared/search/row.ts";
import { formatCheckpoint, formatFrozenLine } from "../../../shared/tlog/checkpoint.ts";
import { encodeEntryBundle } from "../../../shared/tlog/entries.ts";
import { hash, leafHash } from "../../../shared/tlog/hash.ts";
import type { TreeHead } from "../../../shared/tlog/head.ts";
import {
  ecdsaKeyId,
  ed25519KeyId,
  findSignature,
  formatNote,
  formatVkey,
  NOTE_ECDSA,
  NOTE_ED25519,
} from "../../../shared/tlog/note.ts";
import { signGenesis } from "./genesis.ts";
import type { LogFormat, SequencerKind, Submission } from "./kind.ts";
import type { LogKeys } from "./log-keys.ts";
import { SAMPLE_BYTES, SAMPLE_SEARCH } from "./sample.ts";

/** Logs of signatures. */
export const SIGNATURE_KIND: SequencerKind = {
  keySettings: { ecdsa: "SIGNATURE_LOG_KEY", ed25519: "SIGNATURE_LOG_ED25519_KEY" },
  hasEd25519: true,
  isWitnessed: true,
  createFormat,
  createGenesis: (origin, { ecdsa }) => [signatureSubmission(signGenesis(origin, ecdsa))],
  createSample: (number) =>
    signatureSubmission({
      body: SAMPLE_BYTES.with(0, number),
      search: SAMPLE_SEARCH,
      hints: null,
      otherForms: [],
      budget: null,
    }),
};

function createFormat(origin: string, { ecdsa, ed25519 }: LogKeys): LogFormat {
  if (ed25519 === null) throw new TypeError("a signature log needs an Ed25519 key");
  const ecdsaId = ecdsaKeyId(ecdsa.spki);
  const ed25519Id = ed25519KeyId(origin, ed25519.publicKey);
  const signHead = ({ treeSize, rootHash }: TreeHead, extensions: readonly string[]): string => {
    const text = formatCheckpoint({ origin, treeSize, rootHash, extensions });
    const message = encodeUtf8(text);
    return formatNote({
      text,
      signatures: [
        { name: origin, keyId: ecdsaId, signature: ecdsa.sign(message) },
        { name: origin, keyId: ed25519Id, signature: ed25519.sign(message) },
      ],
    });
  };
  return {
    promisesTime: false,
    signsTime: false,
    spki: ecdsa.spki,
    vkeys: [
      formatVkey(origin, ecdsaId, NOTE_ECDSA, ecdsa.spki),
      formatVkey(origin, ed25519Id, NOTE_ED25519, ed25519.publicKey),
    ],
    signCheckpoint: (head) => signHead(head, []),
    signFrozen: (head, frozenAt) => signHead(head, [formatFrozenLine(frozenAt)]),
    hasSigned(note) {
      const line = findSignature(note, origin, ecdsaId);
      return line !== null && ecdsa.verify(encodeUtf8(note.text), line.signature);
    },
    encodeBundle: encodeEntryBundle,
    readRecord(record) {
      const identity = leafHash(record);
      return { leafHash: identity, identity };
    },
    readSearchRow: SIGNATURE_RECORDS.searchRow,
  };
}

/** The submission of a canonical body, whose leaf hash is also its identity. */
export function signatureSubmission({ body, search, hints, otherForms, budget }: SignatureSubmission): Submission {
  const identity = leafHash(body);
  return {
    search,
    hints,
    budget,
    // Each names all others, so a lookup of all of them finds whichever came first, also in a log that is older.
    otherForms: otherForms.map(hash),
    takesOtherForms: false,
    bytes: body.length + textLength(search, hints),
    identity,
    namedObjects: [],
    toLeaf: () => ({ record: body, leafHash: identity }),
  };
}

/** Search terms and hints of an attestation with many subjects take more memory than its body. */
function textLength({ terms }: SearchRow, hints: AttestationHints | null): number {
  return [...terms, ...(hints?.subjectDigests ?? [])].reduce((sum, text) => sum + text.length, 0);
}
