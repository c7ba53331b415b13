// SPDX-License-Identifier: Apache-2.0
// The certificate log: certificates and precertificates under checkpoints with one RFC 6962 signature (type 05), and
// the SCTs that promise their place. Spec: https://c2sp.org/static-ct-api

import { sha256 } from "#sha256";
import { concat } from "../../../shared/bytes/bytes.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { uint } from "../../../shared/bytes/writer.ts";
import {
  type CertificateEntry,
  decodeTileLeaves,
  encodeLeafForms,
  encodeMerkleTreeLeaf,
  issuerPath,
  type TimestampedEntry,
} from "../../../shared/ct/leaf.ts";
import {
  encodeDigitallySigned,
  type LoggedCertificate,
  leafIndexExtension,
  sctSignedData,
  treeHeadSignedData,
} from "../../../shared/ct/sct.ts";
import { decodeTreeHeadSignature } from "../../../shared/ct/tree-head.ts";
import { CERTIFICATE_RECORDS } from "../../../shared/logs/kinds/certificate.ts";
import type { CertificateSubmission } from "../../../shared/rpc/sequencer.ts";
import { formatCheckpoint, parseCheckpoint } from "../../../shared/tlog/checkpoint.ts";
import { type Hash, hash, leafHash } from "../../../shared/tlog/hash.ts";
import { findSignature, formatNote, formatVkey, NOTE_RFC6962, rfc6962KeyId } from "../../../shared/tlog/note.ts";
import type { LogFormat, Placement, SequencerKind, Submission } from "./kind.ts";
import type { LogKeys, LogSigner } from "./log-keys.ts";
import { SAMPLE_BYTES, SAMPLE_SEARCH } from "./sample.ts";

/** Logs of certificates. */
export const CERTIFICATE_KIND: SequencerKind = {
  keySettings: { ecdsa: "CERTIFICATE_LOG_KEY", ed25519: null },
  hasEd25519: false,
  isWitnessed: false,
  createFormat,
  createGenesis: () => [],
  createSample: (number) => certificateSubmission(sampleCertificate(number)),
};

function createFormat(origin: string, { ecdsa }: LogKeys): LogFormat {
  const keyId = rfc6962KeyId(origin, ecdsa.logId);
  return {
    promisesTime: true,
    signsTime: true,
    spki: ecdsa.spki,
    vkeys: [formatVkey(origin, keyId, NOTE_RFC6962, ecdsa.spki)],
    signCheckpoint(head, timestamp) {
      const text = formatCheckpoint({ origin, ...head, extensions: [] });
      const signed = encodeDigitallySigned(ecdsa.sign(treeHeadSignedData(timestamp, head.treeSize, head.rootHash)));
      return formatNote({ text, signatures: [{ name: origin, keyId, signature: concat(uint(timestamp, 8), signed) }] });
    },
    signFrozen: () => null,
    hasSigned(note) {
      const line = findSignature(note, origin, keyId);
      const signed = line === null ? null : decodeTreeHeadSignature(line.signature);
      const head = parseCheckpoint(note.text);
      if (signed === null || !head.ok) return false;
      const { treeSize, rootHash } = head.value;
      return ecdsa.verify(treeHeadSignedData(signed.timestamp, treeSize, rootHash), signed.signature);
    },
    encodeBundle: (records) => concat(...records),
    readRecord(record) {
      const leaves = decodeTileLeaves(record);
      const [leaf] = leaves.ok ? leaves.value : [];
      if (leaf === undefined) throw new RangeError("a record does not parse");
      return { leafHash: leafHash(encodeMerkleTreeLeaf(leaf.entry)), identity: certificateIdentity(leaf.entry) };
    },
    readSearchRow: CERTIFICATE_RECORDS.searchRow,
  };
}

/** The submission of a certificate or precertificate. Its leaf covers index and time; its identity does not. */
export function certificateSubmission(submission: CertificateSubmission): Submission {
  const { search, signedEntry, precertificate, issuers } = submission;
  const entry = certificateEntry(submission);
  const named = issuers.map((bytes) => ({ bytes, fingerprint: sha256(bytes) }));
  const chainFingerprints = named.map(({ fingerprint }) => fingerprint);
  return {
    search,
    hints: null,
    // The CA writes under an identity's rate limit; add-chain takes each of its certificates once.
    budget: null,
    ...formsOf(submission),
    namedObjects: named.map(({ bytes, fingerprint }) => ({ path: issuerPath(fingerprint), bytes })),
    bytes: signedEntry.length + (precertificate?.length ?? 0),
    identity: certificateIdentity(entry),
    toLeaf(placement) {
      const { tileLeaf, merkleTreeLeaf } = encodeLeafForms({
        entry: placeEntry(entry, placement),
        precertificate,
        chainFingerprints,
      });
      return { record: tileLeaf, leafHash: leafHash(merkleTreeLeaf) };
    },
  };
}

/**
 * Signs the SCT of a logged certificate. One place in the log always gives the same promise, however often it is
 * signed.
 */
export function signSct(
  { logId, spki, sign }: LogSigner,
  submission: CertificateSubmission,
  placement: Placement,
): LoggedCertificate {
  const entry = placeEntry(certificateEntry(submission), placement);
  const { timestamp, extensions } = entry;
  return { logId, spki, timestamp, extensions, signature: sign(sctSignedData(entry)) };
}

/**
 * A certificate is the same as its precertificate, which does not know it: its own form is found by that of the
 * precertificate, or takes it.
 */
function formsOf({ precertificateForm }: CertificateSubmission): Pick<Submission, "otherForms" | "takesOtherForms"> {
  if (precertificateForm === null) return { otherForms: [], takesOtherForms: false };
  const form = certificateIdentity({ entryType: "precert_entry", ...precertificateForm });
  return { otherForms: [form], takesOtherForms: true };
}

/** The precertificate that the log has in place of a certificate. */
export const toPrecertificate = (submission: CertificateSubmission): CertificateSubmission =>
  submission.precertificateForm === null
    ? submission
    : { ...submission, ...submission.precertificateForm, entryType: "precert_entry" };

/** A small precertificate for the warm-up. */
export const sampleCertificate = (number: number): CertificateSubmission => ({
  entryType: "precert_entry",
  issuerKeyHash: new Uint8Array(32),
  signedEntry: SAMPLE_BYTES.with(0, number),
  precertificate: SAMPLE_BYTES,
  issuers: [SAMPLE_BYTES],
  precertificateForm: null,
  search: SAMPLE_SEARCH,
});

/** SHA-256 of entry type ‖ issuer key hash ‖ signed entry: everything that index and time do not change. */
function certificateIdentity(entry: CertificateEntry): Hash {
  const issuer = entry.entryType === "precert_entry" ? entry.issuerKeyHash : new Uint8Array(0);
  return hash(sha256(encodeUtf8(entry.entryType), issuer, entry.signedEntry));
}

function certificateEntry({ entryType, issuerKeyHash, signedEntry }: CertificateSubmission): CertificateEntry {
  return entryType === "precert_entry" && issuerKeyHash !== null
    ? { entryType, issuerKeyHash, signedEntry }
    : { entryType: "x509_entry", signedEntry };
}

const placeEntry = (entry: CertificateEntry, { leafIndex, timestamp }: Placement): TimestampedEntry => ({
  ...entry,
  timestamp,
  extensions: leafIndexExtension(leafIndex),
});
