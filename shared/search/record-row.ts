// SPDX-License-Identifier: Apache-2.0
// The search row of a stored record, per kind of log: what a log indexes when it appends an entry, computed again from
// what R2 has of it.

import { decodeTileLeaves } from "../ct/leaf.ts";
import { decodeEntry } from "../rekor/entry.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import { readStoredEntry } from "../rekor-v1/stored.ts";
import { parseCertificate } from "../x509/certificate.ts";
import type { SearchRow } from "./row.ts";
import { certificateSearchRow, cosignerKeys, searchRowOfSignature, signatureSearchRow } from "./terms.ts";

/**
 * The row of a record of a signature log, null if it is not an entry that this version reads.
 * @param hints those of the entry's line in the sidecar
 */
export function signatureRecordRow(record: Uint8Array, hints: AttestationHints | null): SearchRow | null {
  const entry = decodeEntry(record);
  return entry.ok ? signatureSearchRow({ entry: entry.value, body: record }, hints) : null;
}

/**
 * The row of a record of a Rekor v1 log, null if it is not an entry that this version reads.
 * @param hints those of the entry's line in the sidecar
 */
export function rekorV1RecordRow(record: Uint8Array, hints: AttestationHints | null): SearchRow | null {
  const entry = readStoredEntry(record);
  if (entry === null) return null;
  const { digests, signatures } = entry;
  const [first, ...others] = signatures.map(({ signature, verifier: { certificate, key } }) => ({
    signature,
    certificate,
    publicKey: key.spki,
  }));
  if (first === undefined) return null;
  const row = searchRowOfSignature({ digests, ...first, body: record }, hints);
  return { ...row, terms: [...new Set([...row.terms, ...others.flatMap(cosignerKeys)])] };
}

/** The row of a record of a certificate log, null if it does not hold a certificate. */
export function certificateRecordRow(record: Uint8Array): SearchRow | null {
  const leaves = decodeTileLeaves(record);
  const [leaf] = leaves.ok ? leaves.value : [];
  if (leaf === undefined) return null;
  const certificate = parseCertificate(leaf.precertificate ?? leaf.entry.signedEntry);
  return certificate.ok ? certificateSearchRow(certificate.value) : null;
}
