// SPDX-License-Identifier: Apache-2.0
// One entry of a certificate log: that it stands where it says, that what was signed is what was submitted, and its chain.
// Spec: RFC 6962 §3.1 to §3.5; https://c2sp.org/static-ct-api#log-entries

import { equal } from "../../shared/bytes/bytes.ts";
import { decodeBytes } from "../../shared/bytes/reader.ts";
import { withoutExtension } from "../../shared/ct/chain.ts";
import type { TileLeaf } from "../../shared/ct/leaf.ts";
import { type Certificate, parseCertificate } from "../../shared/x509/certificate.ts";
import { findExtension, OID } from "../../shared/x509/extensions.ts";
import type { Finding } from "./findings.ts";
import { type Issuer, type Issuers, isIssuedBy, parseX509 } from "./issuers.ts";

/** Where the entry stands, and the tree head that covers it. */
export interface LeafPlace {
  readonly leafIndex: number;
  /** When the log signed the tree head, null if its signature was of another type. */
  readonly headTimestamp: number | null;
}

/** What is wrong with an entry but for its chain; null if nothing is. */
export function leafProblem(
  { entry, precertificate }: TileLeaf,
  { leafIndex, headTimestamp }: LeafPlace,
): string | null {
  if (readLeafIndex(entry.extensions) !== leafIndex)
    return "its leaf_index extension names another place, or is missing";
  // RFC 6962 §3.5: the tree head's timestamp MUST be at least as recent as the most recent SCT timestamp in the tree.
  if (headTimestamp !== null && entry.timestamp > headTimestamp) return "it is younger than the tree head";
  const certificate = parseCertificate(precertificate ?? entry.signedEntry);
  if (!certificate.ok) return "its certificate is not an X.509 v3 certificate";
  return precertificate !== null && findExtension(certificate.value, OID.precertificatePoison) === null
    ? "its precertificate has no poison"
    : null;
}

/** type leaf_index(0), opaque<0..2^16-1> of five bytes; null if it is not there exactly once. */
function readLeafIndex(extensions: Uint8Array): number | null {
  const decoded = decodeBytes(extensions, (reader) => {
    const found: Uint8Array[] = [];
    while (!reader.done) {
      const type = reader.uint(1);
      const data = reader.vector(2);
      if (type === 0) found.push(data);
    }
    return found;
  });
  const [index, ...more] = decoded.ok ? decoded.value : [];
  if (index === undefined || index.length !== 5 || more.length > 0) return null;
  return index.reduce((sum, byte) => sum * 256 + byte, 0);
}

export type ChainVerdict =
  | { readonly kind: "verified" }
  | { readonly kind: "invalid"; readonly reason: string }
  /** A certificate of the chain could not be had. */
  | { readonly kind: "open"; readonly finding: Finding };

const VERIFIED: ChainVerdict = { kind: "verified" };
const invalid = (reason: string): ChainVerdict => ({ kind: "invalid", reason });

/** Verifies who issued an entry's certificate, up to the last one that the log names. `leaf` has passed leafProblem. */
export async function checkChain(leaf: TileLeaf, issuers: Issuers): Promise<ChainVerdict> {
  const chain: Issuer[] = [];
  for (const fetched of await Promise.all(leaf.chainFingerprints.map((fingerprint) => issuers.get(fingerprint)))) {
    if (!fetched.ok) return { kind: "open", finding: fetched.error };
    chain.push(fetched.value);
  }
  const certificate = parseX509(leaf.precertificate ?? leaf.entry.signedEntry);
  if (certificate === null) return invalid("its certificate cannot be read");
  // A root may be logged as well: it is its own issuer.
  const above = chain[0]?.certificate ?? certificate;
  if (!isIssuedBy(certificate, above)) return invalid("its certificate was not issued by the first of its chain");
  if (!issuers.areLinked(chain)) return invalid("its chain does not hang together");
  return checkSignedEntry(leaf, chain);
}

/** That a precertificate's entry is the certificate to come: its TBS without the poison, in the name of its real issuer. */
function checkSignedEntry({ entry, precertificate }: TileLeaf, chain: readonly Issuer[]): ChainVerdict {
  if (entry.entryType === "x509_entry" || precertificate === null) return VERIFIED;
  const [first, second] = chain;
  const isByProxy = first?.isPrecertificateIssuer === true;
  const issuer = isByProxy ? second : first;
  if (issuer === undefined || !equal(issuer.keyHash, entry.issuerKeyHash)) {
    return invalid("its issuer_key_hash is not that of its issuer");
  }
  // A precertificate issuer's name and key identifier are replaced as well; what else there is, the final issuer's SCT check finds.
  if (isByProxy) return VERIFIED;
  const certificate = parseCertificate(precertificate);
  const tbs = certificate.ok ? tbsWithoutPoison(certificate.value) : null;
  return tbs !== null && equal(tbs, entry.signedEntry)
    ? VERIFIED
    : invalid("what was signed is not its precertificate without the poison");
}

function tbsWithoutPoison({ tbs }: Certificate): Uint8Array | null {
  const stripped = withoutExtension(tbs, OID.precertificatePoison);
  return stripped.ok ? stripped.value : null;
}
