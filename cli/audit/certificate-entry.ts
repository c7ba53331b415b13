// SPDX-License-Identifier: Apache-2.0
// Checks one entry of a certificate log: its index, that the log signed what was submitted, and its chain.
// Spec: RFC 6962 §3.1 to §3.5; https://c2sp.org/static-ct-api#log-entries

import { equal } from "../../shared/bytes/bytes.ts";
import { decodeBytes } from "../../shared/bytes/reader.ts";
import { withoutExtension } from "../../shared/ct/chain.ts";
import type { TileLeaf } from "../../shared/ct/leaf.ts";
import { type Certificate, parseCertificate } from "../../shared/x509/certificate.ts";
import { findExtension, OID } from "../../shared/x509/extensions.ts";
import type { Finding } from "../served-log/findings.ts";
import { type Issuer, type Issuers, isIssuedBy, parseX509 } from "./issuers.ts";

/** The index of the entry, and the tree head that covers it. */
export interface LeafPlace {
  readonly leafIndex: number;
  /** When the log signed the tree head; null if the signature has no time. */
  readonly headTimestamp: number | null;
}

/** Describes the first problem of an entry, apart from its chain; null if there is none. */
export function leafProblem(
  { entry, precertificate }: TileLeaf,
  { leafIndex, headTimestamp }: LeafPlace,
): string | null {
  if (readLeafIndex(entry.extensions) !== leafIndex) return "its leaf_index extension is missing or has another index";
  // RFC 6962 §3.5: the tree head's timestamp MUST be at least as recent as the most recent SCT timestamp in the tree.
  if (headTimestamp !== null && entry.timestamp > headTimestamp) return "it is younger than the tree head";
  const certificate = parseCertificate(precertificate ?? entry.signedEntry);
  if (!certificate.ok) return "its certificate is not an X.509 v3 certificate";
  return precertificate !== null && findExtension(certificate.value, OID.precertificatePoison) === null
    ? "its precertificate has no poison"
    : null;
}

/** Reads the extension leaf_index(0), opaque<0..2^16-1> of five bytes; null unless it appears exactly once. */
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
  /** A certificate of the chain could not be fetched. */
  | { readonly kind: "open"; readonly finding: Finding };

const VERIFIED: ChainVerdict = { kind: "verified" };
const rejectInvalid = (reason: string): ChainVerdict => ({ kind: "invalid", reason });

/**
 * Verifies the chain of an entry up to the last certificate that the log names. `leaf` must have passed leafProblem.
 */
export async function checkChain(leaf: TileLeaf, issuers: Issuers): Promise<ChainVerdict> {
  const chain: Issuer[] = [];
  for (const fetched of await Promise.all(leaf.chainFingerprints.map((fingerprint) => issuers.get(fingerprint)))) {
    if (!fetched.ok) return { kind: "open", finding: fetched.error };
    chain.push(fetched.value);
  }
  const certificate = parseX509(leaf.precertificate ?? leaf.entry.signedEntry);
  if (certificate === null) return rejectInvalid("its certificate cannot be parsed");
  // A logged root is its own issuer.
  const above = chain[0]?.certificate ?? certificate;
  if (!isIssuedBy(certificate, above))
    return rejectInvalid("its certificate was not issued by the first certificate of its chain");
  if (!issuers.areLinked(chain)) return rejectInvalid("its chain is broken: a certificate was not issued by the next");
  return checkSignedEntry(leaf, chain);
}

/**
 * Checks that a precertificate's entry is the TBS of the final certificate: without the poison, in the name of its
 * issuer.
 */
function checkSignedEntry({ entry, precertificate }: TileLeaf, chain: readonly Issuer[]): ChainVerdict {
  if (entry.entryType === "x509_entry" || precertificate === null) return VERIFIED;
  const [first, second] = chain;
  const isByProxy = first?.isPrecertificateIssuer === true;
  const issuer = isByProxy ? second : first;
  if (issuer === undefined || !equal(issuer.keyHash, entry.issuerKeyHash)) {
    return rejectInvalid("its issuer_key_hash is not that of its issuer");
  }
  // The name and key identifier of a precertificate issuer are replaced as well. Clients find other differences by
  // the SCT.
  if (isByProxy) return VERIFIED;
  const certificate = parseCertificate(precertificate);
  const tbs = certificate.ok ? tbsWithoutPoison(certificate.value) : null;
  return tbs !== null && equal(tbs, entry.signedEntry)
    ? VERIFIED
    : rejectInvalid("the signed TBS is not that of its precertificate without the poison");
}

function tbsWithoutPoison({ tbs }: Certificate): Uint8Array | null {
  const stripped = withoutExtension(tbs, OID.precertificatePoison);
  return stripped.ok ? stripped.value : null;
}
