// SPDX-License-Identifier: Apache-2.0
// Records of logs with certificates that say what a test wants. Their signatures are not signatures: a monitor reads
// them and verifies none.

import { context, oid, sequence, tlv } from "../../../shared/der/writer.ts";
import { encodeFulcioExtensions, type FulcioExtensions } from "../../../shared/fulcio/extensions.ts";
import { unixMs } from "../../../shared/time.ts";
import { encodeCertificate, encodeTbs } from "../../../shared/x509/certificate.ts";
import { encodeExtension, OID } from "../../../shared/x509/extensions.ts";
import { encodeName } from "../../../shared/x509/name.ts";

/** The contents of a certificate. */
export interface CertificateText {
  /** GeneralNames, DER. */
  readonly names?: readonly Uint8Array[];
  readonly extensions?: FulcioExtensions;
  /** Further Extensions, DER. */
  readonly more?: readonly Uint8Array[];
}

export const NOT_BEFORE = unixMs(1_800_000_000_000);
const ALGORITHM = sequence(oid("1.2.840.10045.4.3.2"));
const ISSUER = encodeName({ organization: "records", commonName: "test" });
const encoder = new TextEncoder();

export const emailName = (address: string): Uint8Array => tlv(0x81, encoder.encode(address));
export const uriName = (uri: string): Uint8Array => tlv(0x86, encoder.encode(uri));

/** The SubjectPublicKeyInfo of every certificate: a point that need not be on the curve. */
export const SPKI: Uint8Array = sequence(
  sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")),
  tlv(0x03, new Uint8Array(66).fill(4)),
);

/** Makes a certificate, DER. */
export function certificateWith({ names = [], extensions = {}, more = [] }: CertificateText): Uint8Array {
  const san = names.length === 0 ? [] : [encodeExtension(OID.subjectAltName, true, sequence(...names))];
  const tbs = encodeTbs({
    serial: Uint8Array.of(1),
    signatureAlgorithm: ALGORITHM,
    issuer: ISSUER,
    notBefore: NOT_BEFORE,
    notAfter: unixMs(NOT_BEFORE + 600_000),
    subject: sequence(),
    spki: SPKI,
    extensions: [...san, ...encodeFulcioExtensions(extensions), ...more],
  });
  return encodeCertificate(tbs, ALGORITHM, new Uint8Array(70));
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** The member `verifier` of a body. */
export const certificateVerifier = (der: Uint8Array): object => ({
  keyDetails: "PKIX_ECDSA_P256_SHA_256",
  x509Certificate: { rawBytes: base64(der) },
});

/** A hashedrekord body, as a record of a signature log. */
export const makeHashedRecord = (digest: Uint8Array, verifier: object): Uint8Array =>
  toBody("hashedrekord", {
    hashedRekordV002: {
      data: { algorithm: "SHA2_256", digest: base64(digest) },
      signature: { content: base64(new Uint8Array(70)), verifier },
    },
  });

/** A legacy DSSE body. */
export const makeDsseRecord = (payloadHash: Uint8Array, verifiers: readonly object[]): Uint8Array =>
  toBody("dsse", {
    dsseV002: {
      payloadHash: { algorithm: "SHA2_256", digest: base64(payloadHash) },
      signatures: verifiers.map((verifier) => ({ content: base64(new Uint8Array(70)), verifier })),
    },
  });

/** Any body. */
export const toBody = (kind: string, spec: object): Uint8Array =>
  encoder.encode(JSON.stringify({ apiVersion: "0.0.2", kind, spec }));

/** An otherName that is no user name: a kind of name that nothing here reads. */
export const foreignName = (): Uint8Array => context(0, oid("1.2.3.4"), context(0, tlv(0x0c, encoder.encode("x"))));
