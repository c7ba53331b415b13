// SPDX-License-Identifier: Apache-2.0
// The search terms of an entry. Pure and versioned, so that rebuilding the search index from the logs gives the same
// rows. Each term is a row in D1, so there are no more than searches need.

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { HASHES } from "../crypto/hash.ts";
import { SIGNATURE_SCHEMES } from "../crypto/key-details.ts";
import { readIdentityIssuer } from "../fulcio/extensions.ts";
import type { HashedRekordEntry } from "../rekor/entry.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { readSubjectAltNames } from "../x509/subject-alt-name.ts";
import type { SearchRow } from "./row.ts";
import { nameText } from "./signer.ts";

/**
 * Increases whenever the same entry would get another row. Each row in D1 has its version, and `sigedge reindex`
 * rebuilds rows of other versions.
 */
export const TERMS_VERSION = 1;

/** `digest` is `<algorithm>:<hex>`, both in lower case: `sha256:9f86d0…`. */
export const digestTerm = (digest: string): string => `digest:${digest}`;

/** `fingerprint` is the lower-case hex SHA-256 of a SubjectPublicKeyInfo. */
export const keyTerm = (fingerprint: string): string => `key:${fingerprint}`;

/**
 * Names indexed per certificate. Our own CA issues one; a foreign certificate could otherwise add thousands of rows.
 */
const MAX_NAMES = 8;

/**
 * The row of a signature-log entry.
 * @param hints those of an attestation, null for every other entry
 * @param certificate the entry's certificate if the caller has parsed it already; null for a bare key
 */
export function signatureSearchRow(
  entry: HashedRekordEntry,
  hints: AttestationHints | null,
  certificate: Certificate | null = certificateOf(entry),
): SearchRow {
  const { hash } = SIGNATURE_SCHEMES[entry.verifier.keyDetails];
  const signed = `${HASHES[hash].short}:${encodeHex(entry.digest)}`;
  const subjects = hints?.subjectDigests ?? [];
  const digests = hints === null ? [signed] : [signed, hints.payloadHash, ...subjects];
  const signer = signerTerms(entry, certificate);
  return {
    termsVersion: TERMS_VERSION,
    terms: removeRepeats([...digests.map(digestTerm), ...signer.terms]),
    digest: subjects[0] ?? signed,
    identity: signer.identity,
    issuer: signer.issuer,
  };
}

/** The row of a certificate-log entry. */
export function certificateSearchRow(certificate: Certificate): SearchRow {
  const { terms, identity, issuer } = certificateTerms(certificate);
  return { termsVersion: TERMS_VERSION, terms: removeRepeats(terms), digest: null, identity, issuer };
}

type SignerTerms = Pick<SearchRow, "terms" | "identity" | "issuer">;

function certificateOf({ verifier: { kind, rawBytes } }: HashedRekordEntry): Certificate | null {
  const certificate = kind === "x509Certificate" ? parseCertificate(rawBytes) : null;
  return certificate?.ok === true ? certificate.value : null;
}

function signerTerms({ verifier }: HashedRekordEntry, certificate: Certificate | null): SignerTerms {
  if (verifier.kind === "publicKey") return { terms: [spkiTerm(verifier.rawBytes)], identity: null, issuer: null };
  // The log rejects a certificate that does not parse, but this function must be total.
  return certificate === null ? { terms: [], identity: null, issuer: null } : certificateTerms(certificate);
}

function certificateTerms(certificate: Certificate): SignerTerms {
  const read = readSubjectAltNames(certificate);
  // An open log accepts certificates of any CA. Names that do not parse are not searchable.
  const names = read.ok ? read.value.slice(0, MAX_NAMES) : [];
  return {
    terms: [...names.map(nameText), spkiTerm(certificate.spki)],
    identity: names[0]?.value ?? null,
    issuer: readIdentityIssuer(certificate),
  };
}

const spkiTerm = (spki: Uint8Array): string => keyTerm(encodeHex(sha256(spki)));

const removeRepeats = (terms: readonly string[]): readonly string[] => [...new Set(terms)];
