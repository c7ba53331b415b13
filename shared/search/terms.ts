// SPDX-License-Identifier: Apache-2.0
// The search terms of an entry. Pure and versioned, so that rebuilding the search index from the logs gives the same
// rows. The index stores keys of fixed size in place of terms.

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { HASHES } from "../crypto/hash.ts";
import { SIGNATURE_SCHEMES } from "../crypto/key-details.ts";
import { type FulcioExtensions, readFulcioExtensions } from "../fulcio/extensions.ts";
import type { HashedRekordEntry } from "../rekor/entry.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import { leafHash } from "../tlog/hash.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { MARK_NAMES, type MarkName, type SearchRow } from "./row.ts";
import { MAX_NAME_CHARS, signerOf, toIssuer, toRun } from "./signer.ts";

/**
 * Increases whenever the same entry would get another row. Each row in D1 has its version, and `sigedge reindex`
 * rebuilds rows of other versions.
 */
export const TERMS_VERSION = 3;

/** The kinds of values that keys are made of: digests, predicate types, the marks, and all of a cosigner. */
type TermKind = "digest" | "predicateType" | "cosigner" | MarkName;

/** Bytes of a key: 2^48 hashes find an entry with the key of another, which is then shown where it does not belong. */
export const KEY_BYTES = 6;

/**
 * The key of a term in hex: the beginning of a SHA-256. A digest is `<algorithm>:<hex>` in lower case; keys,
 * certificates, signatures and leaves are the hex SHA-256 of their bytes.
 */
export const termKey = (kind: TermKind, value: string): string =>
  encodeHex(sha256(encodeUtf8(`${kind}:${value}`)).subarray(0, KEY_BYTES));

/** An entry of a signature log, with what its submitter has of it at hand. */
export interface SignedEntry {
  readonly entry: HashedRekordEntry;
  /** The canonical body. */
  readonly body: Uint8Array;
  /** Parsed from the entry if it is not given; null for a bare key. */
  readonly certificate?: Certificate | null;
}

/** The row of a signature-log entry. @param hints those of an attestation, null for every other entry */
export function signatureSearchRow(
  { entry, body, certificate = certificateOf(entry) }: SignedEntry,
  hints: AttestationHints | null,
): SearchRow {
  const { verifier, signature } = entry;
  const signed = `${HASHES[SIGNATURE_SCHEMES[verifier.keyDetails].hash].short}:${encodeHex(entry.digest)}`;
  const publicKey = verifier.kind === "publicKey" ? verifier.rawBytes : null;
  return searchRowOfSignature({ digests: [signed], signature, certificate, publicKey, body }, hints);
}

/** A logged signature, in whichever kind of log. */
export interface LoggedSignature {
  /** `<algorithm>:<hex>` of what was signed. */
  readonly digests: readonly [string, ...string[]];
  /** Null if the entry does not have it. */
  readonly signature: Uint8Array | null;
  readonly certificate: Certificate | null;
  /** SubjectPublicKeyInfo, for an entry without a certificate. */
  readonly publicKey: Uint8Array | null;
  readonly body: Uint8Array;
}

/** The row of a signature. @param hints those of an attestation, null for every other entry */
export function searchRowOfSignature(
  { digests, signature, certificate, publicKey, body }: LoggedSignature,
  hints: AttestationHints | null,
): SearchRow {
  const [signed] = digests;
  const subjects = hints?.subjectDigests ?? [];
  const all = hints === null ? digests : [...digests, hints.payloadHash, ...subjects];
  const predicateType = hints?.predicateType ?? null;
  const terms = [
    ...all.map((digest) => termKey("digest", digest)),
    ...(predicateType === null ? [] : [termKey("predicateType", predicateType)]),
  ];
  return {
    termsVersion: TERMS_VERSION,
    kind: hints === null ? "signature" : "attestation",
    terms: [...new Set(terms)],
    digest: subjects[0] ?? signed,
    ...NO_MARKS,
    ...(certificate === null
      ? { signer: null, publicKey: publicKey && hashKey("publicKey", publicKey) }
      : certificateParts(certificate)),
    signature: signature && hashKey("signature", signature),
    leaf: termKey("leaf", encodeHex(leafHash(body))),
  };
}

/** Marks of a signature that an entry may have beside its first one. */
export const COSIGNER_MARKS = ["publicKey", "certificate", "signature"] as const satisfies readonly MarkName[];

/**
 * The key of one thing by which a signer after an entry's first one is found: a mark by its key, or a name or an issuer
 * in whatever spelling.
 */
export const cosignerKey = (kind: (typeof COSIGNER_MARKS)[number] | "name" | "issuer", value: string): string =>
  termKey("cosigner", `${kind}:${value.replaceAll(" ", "+").toLowerCase()}`);

/** The keys of a signer after an entry's first one, by which the entry is found too. */
export function cosignerKeys({
  signature,
  certificate,
  publicKey,
}: Pick<LoggedSignature, "signature" | "certificate" | "publicKey">): readonly string[] {
  const parts: Partial<SearchRow> =
    certificate === null
      ? { publicKey: publicKey && hashKey("publicKey", publicKey) }
      : { ...certificateParts(certificate) };
  const marks = { ...parts, signature: signature && hashKey("signature", signature) };
  const { names: named, issuer } = parts.signer ?? { names: [], issuer: null };
  const names = named.map((name) => name.slice(name.indexOf(":") + 1));
  return [
    ...COSIGNER_MARKS.flatMap((kind) => (marks[kind] ? [cosignerKey(kind, marks[kind])] : [])),
    ...names.map((name) => cosignerKey("name", name)),
    ...(issuer === null ? [] : [cosignerKey("issuer", toIssuer(issuer))]),
  ];
}

/** The row of a certificate-log entry. @param certificate as submitted: it may be a precertificate */
export function certificateSearchRow(certificate: Certificate): SearchRow {
  return {
    termsVersion: TERMS_VERSION,
    kind: "certificate",
    terms: [],
    digest: null,
    ...NO_MARKS,
    ...certificateParts(certificate),
  };
}

const NO_MARKS = Object.fromEntries(MARK_NAMES.map((name) => [name, null])) as Readonly<Record<MarkName, null>>;

/** The log rejects a certificate that does not parse, but the row must be total: such an entry has no signer. */
function certificateOf({ verifier: { kind, rawBytes } }: HashedRekordEntry): Certificate | null {
  const certificate = kind === "x509Certificate" ? parseCertificate(rawBytes) : null;
  return certificate?.ok === true ? certificate.value : null;
}

type CertificateParts = Pick<SearchRow, "signer" | "publicKey" | "certificate" | "commit" | "run">;

function certificateParts(certificate: Certificate): CertificateParts {
  const extensions = readFulcioExtensions(certificate);
  return {
    signer: signerOf(certificate, extensions),
    publicKey: hashKey("publicKey", certificate.spki),
    certificate: hashKey("certificate", certificate.der),
    commit: keyOfText("commit", commitOf(extensions)?.toLowerCase()),
    run: keyOfText("run", extensions.runInvocationUri && toRun(extensions.runInvocationUri)),
  };
}

/** A certificate that names only the older extension has GitHub's. */
const commitOf = ({ sourceRepositoryDigest, githubWorkflowSha }: FulcioExtensions): string | undefined =>
  sourceRepositoryDigest ?? githubWorkflowSha;

const keyOfText = (kind: TermKind, value: string | undefined): string | null =>
  value === undefined || value === "" || value.length > MAX_NAME_CHARS ? null : termKey(kind, value);

const hashKey = (kind: TermKind, bytes: Uint8Array): string => termKey(kind, encodeHex(sha256(bytes)));
