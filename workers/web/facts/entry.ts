// SPDX-License-Identifier: Apache-2.0
// Reads an entry once for its page, its bundle and its certificate file.

import { sha256 } from "#sha256";
import { decodeBase64 } from "../../../shared/bytes/base64.ts";
import { decodeHex, encodeHex } from "../../../shared/bytes/hex.ts";
import { HASHES } from "../../../shared/crypto/hash.ts";
import { keyDetailsOf, SIGNATURE_SCHEMES } from "../../../shared/crypto/key-details.ts";
import type { LoggedEntry } from "../../../shared/logs/logged-entry.ts";
import { decodeEntry, type HashedRekordEntry } from "../../../shared/rekor/entry.ts";
import type { AttestationHints } from "../../../shared/rekor/hints.ts";
import { readStoredEntry } from "../../../shared/rekor-v1/stored.ts";
import type { SearchHit } from "../../../shared/search/answer.ts";
import { type Certificate, parseCertificate } from "../../../shared/x509/certificate.ts";
import { readSigner, type Signer } from "./signer.ts";

/** The thing that was signed, as far as anybody has shown it to this service. */
export type Signed =
  /** The log has a digest: of a file, or of a statement that it has not seen. */
  | { readonly kind: "digest" }
  /** A statement. `subjects` is null if its envelope came after the entry: the index does not keep them in full. */
  | {
      readonly kind: "statement";
      readonly predicateType: string | null;
      readonly subjects: readonly string[] | null;
    };

/** A signature. */
export interface SignatureFacts {
  readonly kind: "signed";
  readonly entry: HashedRekordEntry;
  /** `sha256:<hex>` of what was signed. */
  readonly digest: string;
  readonly signed: Signed;
  /** Null for a bare key. */
  readonly holder: Holder | null;
  /** Hex SHA-256 of the SubjectPublicKeyInfo. */
  readonly keyFingerprint: string;
  /** The log wrote the entry itself when it was created. */
  readonly isGenesis: boolean;
}

/** A certificate, or the precertificate of one. */
export interface CertificateFacts {
  readonly kind: "issued";
  readonly holder: Holder;
  readonly keyFingerprint: string;
}

/** A certificate and whom it names. */
interface Holder {
  readonly certificate: Certificate;
  readonly signer: Signer;
}

/** Null for an entry that this version cannot read. */
export function readFacts(logged: LoggedEntry): SignatureFacts | CertificateFacts | null {
  const { certificate: base64, body, hints } = logged.shown;
  if (base64 === undefined) return readSignature(body, hints ?? null, logged.leafIndex);
  const der = decodeBase64(base64);
  const holder = der.ok ? readHolder(der.value) : null;
  return holder === null
    ? null
    : { kind: "issued", holder, keyFingerprint: encodeHex(sha256(holder.certificate.spki)) };
}

function readSignature(body: Uint8Array, hints: AttestationHints | null, leafIndex: number): SignatureFacts | null {
  const decoded = decodeEntry(body);
  const read = decoded.ok ? toDigestOf(decoded.value) : readV1(body);
  if (read === null) return null;
  const { verifier } = read.entry;
  const holder = verifier.kind === "x509Certificate" ? readHolder(verifier.rawBytes) : null;
  return {
    kind: "signed",
    ...read,
    signed: toSigned(hints),
    holder,
    keyFingerprint: encodeHex(sha256(holder?.certificate.spki ?? verifier.rawBytes)),
    isGenesis: leafIndex === 0 && verifier.kind === "publicKey",
  };
}

type EntryWithDigest = Pick<SignatureFacts, "entry" | "digest">;

function toDigestOf(entry: HashedRekordEntry): EntryWithDigest {
  const { hash } = SIGNATURE_SCHEMES[entry.verifier.keyDetails];
  return { entry, digest: `${HASHES[hash].short}:${encodeHex(entry.digest)}` };
}

/**
 * An entry of a Rekor v1 log in the form of the others. For an envelope, its digest is that of the payload. An entry
 * that has no signature gets an empty one.
 */
function readV1(body: Uint8Array): EntryWithDigest | null {
  const stored = readStoredEntry(body);
  if (stored === null) return null;
  const [{ signature, verifier: signer }] = stored.signatures;
  const [digest] = stored.digests;
  const bytes = decodeHex(digest.slice(digest.indexOf(":") + 1));
  const kind = signer.certificate === null ? "publicKey" : "x509Certificate";
  const verifier = { kind, rawBytes: signer.der, keyDetails: keyDetailsOf(signer.key.kind) } as const;
  return bytes.ok
    ? { entry: { digest: bytes.value, signature: signature ?? new Uint8Array(0), verifier }, digest }
    : null;
}

const toSigned = (hints: AttestationHints | null): Signed =>
  hints === null
    ? { kind: "digest" }
    : { kind: "statement", predicateType: hints.predicateType, subjects: hints.subjectDigests };

/**
 * The facts with what the search index knows of the entry: somebody may have sent the envelope of its statement later.
 * @param hit the entry as the index has it; null if it does not
 */
export function withIndexed(
  facts: SignatureFacts,
  hit: Pick<SearchHit, "kind" | "predicateType"> | null,
): SignatureFacts {
  if (facts.signed.kind === "statement" || hit?.kind !== "attestation") return facts;
  return { ...facts, signed: { kind: "statement", predicateType: hit.predicateType, subjects: null } };
}

function readHolder(der: Uint8Array): Holder | null {
  const certificate = parseCertificate(der);
  return certificate.ok ? { certificate: certificate.value, signer: readSigner(certificate.value) } : null;
}
