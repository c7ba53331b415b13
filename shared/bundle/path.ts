// SPDX-License-Identifier: Apache-2.0
// Builds the path from a certificate to the root of a trusted authority, and says when it was valid.
// Spec: RFC 5280 §6.1.

import { equal } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import { formatRfc3339, type UnixMs } from "../time.ts";
import type { Certificate } from "../x509/certificate.ts";
import { pathLengthOf, verifyIssuedBy } from "../x509/chain.ts";
import { OID } from "../x509/extensions.ts";
import { formatWindow, isWithin, type TrustedAuthority } from "./trusted-root.ts";

/** A path of certificates, each issued by the next, that ends in the last one that the authority lists. */
export interface Path {
  readonly certificates: readonly [Certificate, ...Certificate[]];
  readonly authority: TrustedAuthority;
}

/** Extensions that this verifier understands. RFC 5280 §4.2: reject a critical extension that is not understood. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.extendedKeyUsage,
]);

/**
 * Finds the path from `leaf` up to the root of `authority`. A certificate that the authority lists itself may begin
 * one. Null if a signature on the way does not verify, a certificate is no CA or has a critical extension of an unknown
 * kind, or a CA allows fewer CAs below it.
 */
export async function findPath(leaf: Certificate, authority: TrustedAuthority): Promise<Path | null> {
  const root = authority.chain.at(-1);
  const unused = authority.chain.filter((certificate) => !equal(certificate.der, leaf.der));
  const above = root === undefined || equal(leaf.der, root.der) ? [] : await findIssuers(leaf, root, unused);
  const certificates: Path["certificates"] = [leaf, ...(above ?? [])];
  const isGood = above !== null && certificates.every(isUnderstood) && keepsPathLengths(certificates);
  return isGood ? { certificates, authority } : null;
}

/** The certificates from the issuer of `leaf` to the root; null if there is no such path. */
async function findIssuers(
  leaf: Certificate,
  root: Certificate,
  unused: readonly Certificate[],
): Promise<readonly Certificate[] | null> {
  const issuer = await findIssuer(leaf, unused);
  if (issuer === null) return null;
  if (equal(issuer.der, root.der)) return [issuer];
  const rest = unused.filter((certificate) => certificate !== issuer);
  const above = await findIssuers(issuer, root, rest);
  return above === null ? null : [issuer, ...above];
}

async function findIssuer(certificate: Certificate, candidates: readonly Certificate[]): Promise<Certificate | null> {
  for (const candidate of candidates) if (await verifyIssuedBy(certificate, candidate)) return candidate;
  return null;
}

const isUnderstood = ({ extensions }: Certificate): boolean =>
  extensions.every(({ critical, oid }) => !critical || UNDERSTOOD.has(oid));

/** The issuing CA, at place 1, has no CA below it; the one at place n has n − 1. */
const keepsPathLengths = (certificates: readonly Certificate[]): boolean =>
  certificates.slice(1).every((certificate, below) => pathLengthOf(certificate) >= below);

/** Why the path was not valid at this time, or null if it was. */
export function timeProblem({ certificates, authority }: Path, at: UnixMs): string | null {
  if (!isWithin(authority.window, at)) {
    return `the trusted root trusts this authority from ${formatWindow(authority.window)}, not at ${formatRfc3339(at)}`;
  }
  const invalid = certificates.find(({ notBefore, notAfter }) => at < notBefore || at > notAfter);
  if (invalid === undefined) return null;
  return `${nameOf(invalid)} is valid from ${formatRfc3339(invalid.notBefore)} to ${formatRfc3339(invalid.notAfter)}, not at ${formatRfc3339(at)}`;
}

/** Names a certificate for a person. The subject of a signing certificate is empty. */
export function nameOf({ subjectName, serial }: Certificate): string {
  const { commonName, organization } = subjectName;
  return commonName || organization || `the certificate with serial ${encodeHex(serial)}`;
}
