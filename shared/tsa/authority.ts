// SPDX-License-Identifier: Apache-2.0
// The timestamp authority: its certificate, its key as a port, and the parts of the certificate that every token
// repeats.
// Spec: RFC 3161 §2.3 (the certificate), §2.4.2; RFC 5816 (ESSCertIDv2); RFC 5035 §4, §5.

import { sha256 } from "#sha256";
import type { EcdsaSigner } from "../crypto/signer.ts";
import { decodeDer } from "../der/reader.ts";
import { context, octetString, sequence, tlv } from "../der/writer.ts";
import { err, ok, type Result } from "../result.ts";
import type { Certificate } from "../x509/certificate.ts";
import { findExtension, OID, purposesOf } from "../x509/extensions.ts";

/** The port to the authority's private key. */
export type TimestampSigner = Pick<EcdsaSigner, "kind" | "sign">;

/** The parts of a token that never change. */
export interface Authority {
  readonly certificate: Certificate;
  readonly signer: TimestampSigner;
  /** IssuerAndSerialNumber, DER (RFC 5652 §10.2.4). */
  readonly issuerAndSerial: Uint8Array;
  /** SigningCertificateV2, DER: binds the token to this certificate. */
  readonly signingCertificate: Uint8Array;
}

/** Encodes the parts that tokens share. The caller has checked that key and certificate belong together. */
export function createTimestampAuthority(certificate: Certificate, signer: TimestampSigner): Authority {
  const serial = tlv(0x02, certificate.serial);
  const issuerSerial = sequence(sequence(context(4, certificate.issuer)), serial);
  // hashAlgorithm is SHA-256, the DEFAULT of ESSCertIDv2, and therefore omitted.
  const essCertId = sequence(octetString(sha256(certificate.der)), issuerSerial);
  return {
    certificate,
    signer,
    issuerAndSerial: sequence(certificate.issuer, serial),
    signingCertificate: sequence(sequence(essCertId)),
  };
}

/**
 * Checks that verifiers will accept tokens under this certificate: a critical extended key usage with timestamping
 * alone (RFC 3161 §2.3), a key usage, if present, that allows signatures, and not a CA. The error completes "the
 * certificate …".
 */
export function checkTimestampCertificate(certificate: Certificate): Result<null, string> {
  const purpose = certificate.extensions.find(({ oid }) => oid === OID.extendedKeyUsage);
  if (purpose === undefined || !purpose.critical || purposesOf(certificate).join() !== OID.timeStamping) {
    return err("needs a critical extended key usage with timestamping alone");
  }
  if (isCa(certificate)) return err("must not be a CA certificate");
  return canSign(certificate) ? ok(null) : err("has a key usage without digitalSignature");
}

function isCa(certificate: Certificate): boolean {
  const constraints = findExtension(certificate, OID.basicConstraints);
  if (constraints === null) return false;
  // BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, … }, which is empty for an end entity.
  const cA = decodeDer(constraints, (reader) => reader.sequence((r) => r.optional(0x01, (c) => c.boolean())));
  return !cA.ok || cA.value === true;
}

function canSign(certificate: Certificate): boolean {
  const usage = findExtension(certificate, OID.keyUsage);
  if (usage === null) return true;
  // digitalSignature is bit 0 of the BIT STRING, whose first octet counts the unused bits.
  const bits = decodeDer(usage, (reader) => reader.contents(0x03));
  return bits.ok && ((bits.value[1] ?? 0) & 0x80) !== 0;
}
