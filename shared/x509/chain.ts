// SPDX-License-Identifier: Apache-2.0
// Decides which certificate issued which. Callers check validity times, path lengths and purposes.
// Spec: RFC 5280 §6.1.3, §6.1.4.

import { equal } from "../bytes/bytes.ts";
import { decodePem } from "../bytes/pem.ts";
import { type PublicKey, parsePublicKey } from "../crypto/public-key.ts";
import { decodeDer } from "../der/reader.ts";
import { err, ok, type Result } from "../result.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { findExtension, KEY_USAGE, OID } from "./extensions.ts";
import { readSignatureAlgorithm, verifySigned } from "./signature-algorithm.ts";

/** The text is not a chain of certificates. */
export interface ChainError {
  readonly code: "chain_invalid";
  /** Completes "CA_CHAIN …" or "the chain …". */
  readonly reason: string;
}

/**
 * Whether `issuer` issued `certificate`: the names are equal as bytes, the issuer is a CA that may sign certificates,
 * and its key verifies the signature over the TBS. False for an unsupported key or algorithm.
 */
export async function verifyIssuedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  const key = equal(certificate.issuer, issuer.subject) ? findIssuingKey(issuer) : null;
  const algorithm = decodeDer(certificate.signatureAlgorithm, (reader) => reader.sequence(readSignatureAlgorithm));
  if (key === null || !algorithm.ok || algorithm.value.known === null) return false;
  return verifySigned(algorithm.value.known, key, certificate.tbs, certificate.signature);
}

/** Keys of issuers. Every request checks the same few issuers, so each certificate is examined once. */
const issuingKeys = new WeakMap<Certificate, PublicKey | null>();

/** Returns the issuer's key, or null if it is unsupported or may not sign certificates. */
function findIssuingKey(issuer: Certificate): PublicKey | null {
  const known = issuingKeys.get(issuer);
  if (known !== undefined) return known;
  const key = parsePublicKey(issuer.spki);
  const usable = isCertificateAuthority(issuer) && key.ok ? key.value : null;
  issuingKeys.set(issuer, usable);
  return usable;
}

/**
 * Whether BasicConstraints says CA, and KeyUsage, if present, allows signing certificates (RFC 5280 §6.1.4 (k), (n)).
 */
export function isCertificateAuthority(certificate: Certificate): boolean {
  const constraints = findExtension(certificate, OID.basicConstraints);
  const usage = findExtension(certificate, OID.keyUsage);
  return constraints !== null && saysCa(constraints) && (usage === null || allowsCertificates(usage));
}

function saysCa(extension: Uint8Array): boolean {
  return readBasicConstraints(extension)?.isCa ?? false;
}

/** BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL } */
function readBasicConstraints(extension: Uint8Array): { readonly isCa: boolean; readonly pathLength: number } | null {
  const read = decodeDer(extension, (reader) =>
    reader.sequence((constraints) => {
      const isCa = constraints.optional(0x01, (r) => r.boolean()) ?? false;
      const limit = constraints.optional(0x02, (r) => r.unsignedInteger());
      // A limit of more than one octet is above the length of any chain.
      return { isCa, pathLength: limit?.length === 1 ? (limit[0] ?? 0) : Number.POSITIVE_INFINITY };
    }),
  );
  return read.ok ? read.value : null;
}

/** How many issuing CAs may be below this one (RFC 5280 §4.2.1.9). Infinity without a limit. */
export function pathLengthOf(certificate: Certificate): number {
  const constraints = findExtension(certificate, OID.basicConstraints);
  const read = constraints === null ? null : readBasicConstraints(constraints);
  return read?.pathLength ?? Number.POSITIVE_INFINITY;
}

function allowsCertificates(extension: Uint8Array): boolean {
  // KeyUsage ::= BIT STRING, with unused bits at the low end of the last octet, so DerReader.bitString does not read
  // it.
  const bits = decodeDer(extension, (reader) => reader.contents(0x03));
  return bits.ok && ((bits.value[1] ?? 0) & (0x80 >> KEY_USAGE.keyCertSign)) !== 0;
}

/**
 * Parses PEM text of one or more certificates, each issued by the next. Compares names; does not verify signatures.
 * Fails with chain_invalid.
 */
export function parseChain(pem: string): Result<readonly Certificate[], ChainError> {
  const blocks = decodePem(pem);
  if (!blocks.ok) return fail("is not PEM text of certificates");
  const chain: Certificate[] = [];
  for (const [i, { label, der }] of blocks.value.entries()) {
    const certificate = label === "CERTIFICATE" ? parseCertificate(der) : null;
    if (certificate === null || !certificate.ok)
      return fail(`has something other than a certificate in position ${i + 1}`);
    const below = chain.at(-1);
    if (below !== undefined && !equal(below.issuer, certificate.value.subject)) {
      return fail(`is out of order: certificate ${i} was not issued by certificate ${i + 1}`);
    }
    chain.push(certificate.value);
  }
  return ok(chain);
}

const fail = (reason: string): Result<never, ChainError> => err({ code: "chain_invalid", reason });
