// SPDX-License-Identifier: Apache-2.0
// Encodes and reads the certificate extensions that the profiles of RFC 5280, RFC 6962 and RFC 3161 need.
// Spec: RFC 5280 §4.2; RFC 6962 §3.1, §3.3.

import { sha1 } from "@noble/hashes/legacy.js";
import { type DerError, decodeDer } from "../der/reader.ts";
import { bitString, contextPrimitive, NULL, octetString, oid, sequence, smallInteger, TRUE } from "../der/writer.ts";
import { err, type Result } from "../result.ts";
import type { Certificate } from "./certificate.ts";

/** The object identifiers of extensions and key purposes, in dotted decimal. */
export const OID = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  timeStamping: "1.3.6.1.5.5.7.3.8",
  precertificatePoison: "1.3.6.1.4.1.11129.2.4.3",
  sctList: "1.3.6.1.4.1.11129.2.4.2",
} as const;

/** Encodes an Extension; a FALSE `critical` is omitted, as DER requires for a DEFAULT. */
export function encodeExtension(id: string, critical: boolean, value: Uint8Array): Uint8Array<ArrayBuffer> {
  return critical ? sequence(oid(id), TRUE, octetString(value)) : sequence(oid(id), octetString(value));
}

/** KeyUsage bits by number (RFC 5280 §4.2.1.3); bit 0 is the top bit of the first octet. */
export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;

/** Encodes a critical KeyUsage with the given bits (numbers 0 to 7). */
export function keyUsage(...bits: readonly number[]): Uint8Array<ArrayBuffer> {
  const octet = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return encodeExtension(OID.keyUsage, true, bitString(Uint8Array.of(octet), 7 - Math.max(...bits)));
}

/** Encodes an ExtendedKeyUsage with one purpose. */
export function extendedKeyUsage(purpose: string, critical: boolean): Uint8Array<ArrayBuffer> {
  return encodeExtension(OID.extendedKeyUsage, critical, sequence(oid(purpose)));
}

/** Encodes a critical BasicConstraints for a CA; a null `pathLength` means no limit. */
export function basicConstraintsCa(pathLength: number | null): Uint8Array<ArrayBuffer> {
  const limit = pathLength === null ? [] : [smallInteger(pathLength)];
  return encodeExtension(OID.basicConstraints, true, sequence(TRUE, ...limit));
}

/**
 * Computes a key's SubjectKeyIdentifier: SHA-1 of the subjectPublicKey bits (RFC 5280 §4.2.1.2, method 1). It
 * identifies the key and secures nothing.
 */
export function keyIdentifier(spki: Uint8Array): Result<Uint8Array<ArrayBuffer>, DerError> {
  const bits = decodeDer(spki, (reader) =>
    reader.sequence((info) => {
      info.raw();
      return info.bitString();
    }),
  );
  return bits.ok ? { ok: true, value: new Uint8Array(sha1(bits.value)) } : bits;
}

/** Encodes a SubjectKeyIdentifier. */
export function subjectKeyIdentifier(identifier: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeExtension(OID.subjectKeyIdentifier, false, octetString(identifier));
}

/** Encodes an AuthorityKeyIdentifier with the key identifier alone. */
export function authorityKeyIdentifier(identifier: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeExtension(OID.authorityKeyIdentifier, false, sequence(contextPrimitive(0, identifier)));
}

/** The poison that keeps a precertificate from being used as a certificate (RFC 6962 §3.1). */
export const POISON: Uint8Array<ArrayBuffer> = encodeExtension(OID.precertificatePoison, true, NULL);

/** Reads the SubjectKeyIdentifier of a certificate. Fails with der_invalid if it is missing or malformed. */
export function subjectKeyIdentifierOf(certificate: Certificate): Result<Uint8Array, DerError> {
  const extension = findExtension(certificate, OID.subjectKeyIdentifier);
  if (extension === null) return err({ code: "der_invalid", reason: "no subject key identifier" });
  return decodeDer(extension, (reader) => reader.octetString());
}

/** Returns the contents of the extension's extnValue, or null if the certificate lacks it. */
export function findExtension(certificate: Certificate, id: string): Uint8Array | null {
  return certificate.extensions.find((extension) => extension.oid === id)?.value ?? null;
}

/** Far more than any certificate has. */
const MAX_PURPOSES = 16;

/**
 * Returns the OIDs of the extended key usage in order; none if the certificate lacks the extension, if it is malformed,
 * or if it lists more than 16.
 */
export function purposesOf(certificate: Certificate): readonly string[] {
  const extension = findExtension(certificate, OID.extendedKeyUsage);
  const purposes =
    extension === null
      ? null
      : decodeDer(extension, (reader) => reader.listOf(0x30, MAX_PURPOSES, (list) => list.oid()));
  return purposes?.ok === true ? purposes.value : [];
}
