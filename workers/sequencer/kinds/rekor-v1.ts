// SPDX-License-Identifier: Apache-2.0
// The log for clients of Rekor v1: canonical bodies under checkpoints with one ECDSA line, which clients demand to be
// the only one, and signed entry timestamps that promise an entry's place.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/util/checkpoint.go, pkg/api/entries.go

import { sha256 } from "#sha256";
import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodePem } from "../../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { REKOR_V1_RECORDS } from "../../../shared/logs/kinds/rekor-v1.ts";
import { hostOfOrigin } from "../../../shared/rekor-v1/entry-id.ts";
import { encodeHashedRekord } from "../../../shared/rekor-v1/kinds/hashedrekord.ts";
import { formatPromise, wholeSeconds } from "../../../shared/rekor-v1/promise.ts";
import type { SignatureSubmission } from "../../../shared/rpc/sequencer.ts";
import { searchRowOfSignature } from "../../../shared/search/terms.ts";
import { formatCheckpoint } from "../../../shared/tlog/checkpoint.ts";
import { encodeEntryBundle } from "../../../shared/tlog/entries.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import { ecdsaKeyId, findSignature, formatNote, formatVkey, NOTE_ECDSA } from "../../../shared/tlog/note.ts";
import { genesisStatement } from "./genesis.ts";
import type { LogFormat, Placement, SequencerKind } from "./kind.ts";
import type { LogKeys, LogSigner } from "./log-keys.ts";
import { SAMPLE_BYTES, SAMPLE_SEARCH } from "./sample.ts";
import { signatureSubmission } from "./signature.ts";

/** Logs in the protocol of Rekor v1. */
export const REKOR_V1_KIND: SequencerKind = {
  keySettings: null,
  hasEd25519: false,
  isWitnessed: false,
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

function createFormat(origin: string, { ecdsa }: LogKeys): LogFormat {
  const keyId = ecdsaKeyId(ecdsa.spki);
  const name = hostOfOrigin(origin);
  return {
    promisesTime: true,
    signsTime: false,
    spki: ecdsa.spki,
    vkeys: [formatVkey(name, keyId, NOTE_ECDSA, ecdsa.spki)],
    signCheckpoint(head) {
      const text = formatCheckpoint({ origin, ...head, extensions: [] });
      return formatNote({ text, signatures: [{ name, keyId, signature: ecdsa.sign(encodeUtf8(text)) }] });
    },
    signFrozen: () => null,
    hasSigned(note) {
      const line = findSignature(note, name, keyId);
      return line !== null && ecdsa.verify(encodeUtf8(note.text), line.signature);
    },
    encodeBundle: encodeEntryBundle,
    readRecord(record) {
      const identity = leafHash(record);
      return { leafHash: identity, identity };
    },
    readSearchRow: REKOR_V1_RECORDS.searchRow,
  };
}

/** Signs the promise that a body has its place. ECDSA in ASN.1 DER. */
export const signPromise = (
  { logId, sign }: LogSigner,
  body: Uint8Array,
  { leafIndex, timestamp }: Placement,
): Uint8Array => sign(formatPromise({ body, integratedTime: wholeSeconds(timestamp), logId, logIndex: leafIndex }));

/** The first entry: the log key's signature over the digest of a sentence that names the log. */
function signGenesis(origin: string, ecdsa: LogSigner): SignatureSubmission {
  const statement = encodeUtf8(genesisStatement(origin));
  const value = encodeHex(sha256(statement));
  const signature = ecdsa.sign(statement);
  const content = encodeBase64(encodeUtf8(encodePem("PUBLIC KEY", ecdsa.spki)));
  const body = encodeHashedRekord({ hash: "SHA-256", value, signature, content });
  const signed = { digests: [`sha256:${value}`], signature, certificate: null, publicKey: ecdsa.spki, body } as const;
  const search = searchRowOfSignature(signed, null);
  return { body, search, hints: null, otherForms: [], budget: null };
}
