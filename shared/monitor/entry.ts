// SPDX-License-Identifier: Apache-2.0
// An entry of a log, parsed once, as selectors see it. Reads every entry that the public instance's logs hold too: a
// hashedrekord of any scheme, a legacy DSSE entry, certificates and precertificates. Verifies no signature.
// Spec: https://github.com/sigstore/architecture-docs/blob/main/rekor-v2-spec.md; RFC 6962 §3.4;
// https://c2sp.org/static-ct-api#log-entries

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { decodeTileLeaves, encodeMerkleTreeLeaf } from "../ct/leaf.ts";
import type { LogKind } from "../logs/kinds.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import { readStoredEntry } from "../rekor-v1/stored.ts";
import { err, ok, type Result } from "../result.ts";
import type { UnixMs } from "../time.ts";
import { leafHash } from "../tlog/hash.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { type BodyProblem, readSignedBody, type SignedBody, type SignerBytes } from "./entries/body.ts";
import { type CertificateProblem, toWatchedCertificate, type WatchedCertificate } from "./entries/certificate.ts";

/** Who signed: a certificate, or a bare key. */
interface WatchedSigner {
  /** Null for a bare key. */
  readonly certificate: WatchedCertificate | null;
  /** Hex SHA-256 of the SubjectPublicKeyInfo in DER. */
  readonly publicKey: string;
}

/** One entry. */
export interface WatchedEntry extends WatchedSigner {
  /** The origin of the log's checkpoints. */
  readonly log: string;
  readonly kind: LogKind;
  readonly index: number;
  /** When it was logged; null if the log does not say. */
  readonly at: UnixMs | null;
  readonly what: "signature" | "attestation" | "certificate";
  /** `<algorithm>:<hex>` in lower case: of the artifact or statement, and of its subjects where they are known. */
  readonly digests: readonly string[];
  /** Where it is known: an attestation's leaf does not hold it. */
  readonly predicateType: string | null;
  /** The signers after the first one: a legacy DSSE entry may have several. */
  readonly cosigners: readonly WatchedSigner[];
  /** Hex. */
  readonly leafHash: string;
}

/** Where a record was read, and what else is known about it. */
export interface EntryPlace {
  /** The origin of the log's checkpoints. */
  readonly log: string;
  readonly kind: LogKind;
  readonly index: number;
  /** Time from a sidecar; a certificate's record has its own. */
  readonly at: UnixMs | null;
  /** Those of its sidecar, null if there are none. The log does not prove them. */
  readonly hints: AttestationHints | null;
}

/** Why a record cannot be watched. */
export type EntryProblem = BodyProblem | CertificateProblem;

/**
 * Parses one record of a log, as RecordFormat.split gives it. An entry that does not parse is an event, never skipped:
 * who signs in somebody's name may also damage the entry.
 */
export const toWatchedEntry = (record: Uint8Array, place: EntryPlace): Result<WatchedEntry, EntryProblem> =>
  READERS[place.kind](record, place);

type EntryReader = (record: Uint8Array, place: EntryPlace) => Result<WatchedEntry, EntryProblem>;

const READERS: Readonly<Record<LogKind, EntryReader>> = {
  signature: readSignature,
  certificate: readCertificate,
  "rekor-v1": readRekorV1,
};

function readSignature(body: Uint8Array, { hints: said, ...place }: EntryPlace): Result<WatchedEntry, EntryProblem> {
  const signed = readSignedBody(body);
  if (!signed.ok) return signed;
  const hints = areOfAnother(said, signed.value) ? null : said;
  const signers = toSigners(signed.value.signers);
  if (!signers.ok) return signers;
  return ok({
    ...place,
    ...signers.value,
    what: hints === null && !signed.value.isEnvelope ? "signature" : "attestation",
    digests: digestsOf(signed.value, hints),
    predicateType: hints?.predicateType ?? null,
    leafHash: encodeHex(leafHash(body)),
  });
}

function readRekorV1(body: Uint8Array, { hints, ...place }: EntryPlace): Result<WatchedEntry, EntryProblem> {
  const entry = readStoredEntry(body);
  if (entry === null) return err({ code: "watched_record_invalid" });
  const signers = toSigners(
    entry.signatures.map(({ verifier: { certificate, der } }) => ({
      kind: certificate === null ? "publicKey" : "x509Certificate",
      rawBytes: der,
    })),
  );
  if (!signers.ok) return signers;
  const known = hints === null ? [] : [hints.payloadHash, ...hints.subjectDigests];
  return ok({
    ...place,
    ...signers.value,
    what: hints === null && !ENVELOPES.has(entry.kind) ? "signature" : "attestation",
    digests: [...new Set([...entry.digests, ...known])],
    predicateType: hints?.predicateType ?? null,
    leafHash: encodeHex(leafHash(body)),
  });
}

/** The kinds of entries of Rekor v1 whose payload may be a statement. */
const ENVELOPES: ReadonlySet<string> = new Set(["dsse", "intoto"]);

function toSigners(all: readonly SignerBytes[]): Result<WatchedSigner & Pick<WatchedEntry, "cosigners">, EntryProblem> {
  const signers: WatchedSigner[] = [];
  for (const bytes of all) {
    const signer = toSigner(bytes);
    if (!signer.ok) return signer;
    signers.push(signer.value);
  }
  const [first, ...cosigners] = signers;
  return first === undefined ? err({ code: "watched_record_invalid" }) : ok({ ...first, cosigners });
}

/** Whether hints are of another payload than the one whose hash an envelope's leaf has. Other leaves have none. */
const areOfAnother = (hints: AttestationHints | null, { isEnvelope, digest }: SignedBody): boolean =>
  hints !== null && isEnvelope && digest.startsWith("sha256:") && hints.payloadHash !== digest;

function digestsOf({ digest }: SignedBody, hints: AttestationHints | null): readonly string[] {
  return hints === null ? [digest] : [...new Set([digest, hints.payloadHash, ...hints.subjectDigests])];
}

function toSigner({ kind, rawBytes }: SignerBytes): Result<WatchedSigner, EntryProblem> {
  if (kind === "publicKey") return ok({ certificate: null, publicKey: hashOf(rawBytes) });
  const parsed = parseCertificate(rawBytes);
  if (!parsed.ok) return err({ code: "watched_certificate_invalid", reason: parsed.error.reason });
  const certificate = toWatchedCertificate(parsed.value);
  return certificate.ok
    ? ok({ certificate: certificate.value, publicKey: hashOf(parsed.value.spki) })
    : err(certificate.error);
}

function readCertificate(record: Uint8Array, { log, kind, index }: EntryPlace): Result<WatchedEntry, EntryProblem> {
  const leaves = decodeTileLeaves(record);
  const [leaf, ...more] = leaves.ok ? leaves.value : [];
  if (leaf === undefined || more.length > 0) return err({ code: "watched_record_invalid" });
  const signer = toSigner({ kind: "x509Certificate", rawBytes: leaf.precertificate ?? leaf.entry.signedEntry });
  if (!signer.ok) return signer;
  return ok({
    log,
    kind,
    index,
    at: leaf.entry.timestamp,
    what: "certificate",
    digests: [],
    predicateType: null,
    ...signer.value,
    cosigners: [],
    leafHash: encodeHex(leafHash(encodeMerkleTreeLeaf(leaf.entry))),
  });
}

const hashOf = (bytes: Uint8Array): string => encodeHex(sha256(bytes));
