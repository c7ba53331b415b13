// SPDX-License-Identifier: Apache-2.0
// The identity of an entry: a hash of what it says, whatever form it has. Sigedge logs each identity once.

import { sha256 } from "#sha256";
import { compare } from "../../shared/bytes/bytes.ts";
import { withoutExtension } from "../../shared/ct/chain.ts";
import type { TileLeaf } from "../../shared/ct/leaf.ts";
import { encodeEntry } from "../../shared/rekor/entry.ts";
import { otherForms } from "../../shared/rekor/other-forms.ts";
import type { Candidate } from "../../shared/rekor/verify.ts";
import { parseCertificate } from "../../shared/x509/certificate.ts";
import { OID } from "../../shared/x509/extensions.ts";

/** The same for all bodies that anyone can make of one (other-forms.ts): the least of their hashes. */
export function signatureIdentity({ entry, credential }: Candidate): Uint8Array {
  const forms = [entry, ...otherForms(entry, credential)].map((form) => sha256(encodeEntry(form)));
  return forms.reduce((least, form) => (compare(form, least) < 0 ? form : least));
}

/**
 * The same for a certificate and its precertificate: of the TBS without poison and SCTs, which has issuer, serial and
 * key. Null if the certificate cannot be parsed.
 */
export function certificateIdentity({ entry }: TileLeaf): Uint8Array | null {
  if (entry.entryType === "precert_entry") return sha256(entry.signedEntry);
  const certificate = parseCertificate(entry.signedEntry);
  const tbs = certificate.ok ? withoutExtension(certificate.value.tbs, OID.sctList) : certificate;
  return tbs.ok ? sha256(tbs.value) : null;
}
