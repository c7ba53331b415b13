// SPDX-License-Identifier: Apache-2.0
// One certificate above another: who issued whom. Validity times, path lengths and purposes are the caller's to check.
// Spec: RFC 5280 §6.1.3, §6.1.4; signature algorithms of RFC 5758 §3.2, RFC 4055 §5, RFC 8410 §3.

import { equal } from "../bytes/bytes.ts";
import { decodePem } from "../bytes/pem.ts";
import type { HashAlgorithm } from "../crypto/hash.ts";
import { type KeyKind, parsePublicKey } from "../crypto/public-key.ts";
import { verifyMessage } from "../crypto/verify-message.ts";
import { type DerReader, decodeDer } from "../der/reader.ts";
import { err, ok, type Result } from "../result.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { findExtension, KEY_USAGE, OID } from "./extensions.ts";

export interface ChainError {
  readonly code: "chain_invalid";
  /** Completes "CA_CHAIN …" or "the chain …". */
  readonly reason: string;
}

type KeyFamily = "ecdsa" | "rsa" | "ed25519";

interface SignatureAlgorithm {
  readonly family: KeyFamily;
  readonly hash: HashAlgorithm;
}

/** AlgorithmIdentifier.algorithm → what verifies it. RSA has NULL parameters (RFC 4055 §5), the others none. PSS is not among them. */
const SIGNATURE_ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  "1.2.840.10045.4.3.2": { family: "ecdsa", hash: "SHA-256" },
  "1.2.840.10045.4.3.3": { family: "ecdsa", hash: "SHA-384" },
  "1.2.840.10045.4.3.4": { family: "ecdsa", hash: "SHA-512" },
  "1.2.840.113549.1.1.11": { family: "rsa", hash: "SHA-256" },
  "1.2.840.113549.1.1.12": { family: "rsa", hash: "SHA-384" },
  "1.2.840.113549.1.1.13": { family: "rsa", hash: "SHA-512" },
  "1.3.101.112": { family: "ed25519", hash: "SHA-512" },
};

/**
 * Whether `issuer` issued `certificate`: the names are equal as bytes, the issuer is a CA that may sign certificates, and the
 * signature over the TBS verifies with its key. False as well for a key or an algorithm that we do not know.
 */
export async function verifyIssuedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  if (!equal(certificate.issuer, issuer.subject) || !isCertificateAuthority(issuer)) return false;
  const algorithm = readSignatureAlgorithm(certificate.signatureAlgorithm);
  const key = parsePublicKey(issuer.spki);
  if (algorithm === null || !key.ok || familyOf(key.value.kind) !== algorithm.family) return false;
  return verifyMessage(key.value, algorithm.hash, certificate.tbs, certificate.signature);
}

/** Whether BasicConstraints says CA, and KeyUsage, if there is one, allows signing certificates (RFC 5280 §6.1.4 (k), (n)). */
export function isCertificateAuthority(certificate: Certificate): boolean {
  const constraints = findExtension(certificate, OID.basicConstraints);
  const usage = findExtension(certificate, OID.keyUsage);
  return constraints !== null && saysCa(constraints) && (usage === null || allowsCertificates(usage));
}

function saysCa(extension: Uint8Array): boolean {
  // BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL }
  const isCa = decodeDer(extension, (reader) =>
    reader.sequence((constraints) => {
      const cA = constraints.optional(0x01, (r) => r.boolean()) ?? false;
      constraints.optional(0x02, (r) => r.unsignedInteger());
      return cA;
    }),
  );
  return isCa.ok && isCa.value;
}

function allowsCertificates(extension: Uint8Array): boolean {
  // KeyUsage ::= BIT STRING: unused bits in the low end of the last octet, so not DerReader.bitString.
  const bits = decodeDer(extension, (reader) => reader.contents(0x03));
  return bits.ok && ((bits.value[1] ?? 0) & (0x80 >> KEY_USAGE.keyCertSign)) !== 0;
}

function readSignatureAlgorithm(identifier: Uint8Array): SignatureAlgorithm | null {
  const algorithm = decodeDer(identifier, (reader) => reader.sequence(readAlgorithmIdentifier));
  return algorithm.ok ? algorithm.value : null;
}

function readAlgorithmIdentifier(reader: DerReader): SignatureAlgorithm {
  const algorithm = SIGNATURE_ALGORITHMS[reader.oid()] ?? reader.fail("signature algorithm");
  if (algorithm.family === "rsa") reader.null();
  return algorithm;
}

function familyOf(kind: KeyKind): KeyFamily {
  if (kind === "ed25519") return "ed25519";
  return kind.startsWith("ecdsa") ? "ecdsa" : "rsa";
}

/**
 * Parses PEM text of one or more certificates, each issued by the next: compared by name, signatures are not verified.
 * Fails with chain_invalid.
 */
export function parseChain(pem: string): Result<readonly Certificate[], ChainError> {
  const blocks = decodePem(pem);
  if (!blocks.ok) return fail("is not PEM text of certificates");
  const chain: Certificate[] = [];
  for (const [i, { label, der }] of blocks.value.entries()) {
    const certificate = label === "CERTIFICATE" ? parseCertificate(der) : null;
    if (certificate === null || !certificate.ok)
      return fail(`has something other than a certificate at place ${i + 1}`);
    const below = chain.at(-1);
    if (below !== undefined && !equal(below.issuer, certificate.value.subject)) {
      return fail(`is out of order: certificate ${i} was not issued by certificate ${i + 1}`);
    }
    chain.push(certificate.value);
  }
  return ok(chain);
}

const fail = (reason: string): Result<never, ChainError> => err({ code: "chain_invalid", reason });
