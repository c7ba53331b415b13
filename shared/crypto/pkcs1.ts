// SPDX-License-Identifier: Apache-2.0
// Encodes the message inside an RSA PKCS#1 v1.5 signature. A verifier builds it and compares the whole: parsing it
// instead means getting every octet of the padding right, and many implementations did not. Spec: RFC 8017 §9.2.

import { concat } from "../bytes/bytes.ts";
import type { HashAlgorithm } from "./hash.ts";

/** DER of DigestInfo up to the digest (RFC 8017 §9.2, note 1). */
const DIGEST_INFO: Readonly<Record<HashAlgorithm, Uint8Array>> = {
  "SHA-256": digestInfo(0x01, 32),
  "SHA-384": digestInfo(0x02, 48),
  "SHA-512": digestInfo(0x03, 64),
};

/** SEQUENCE { SEQUENCE { OID 2.16.840.1.101.3.4.2.`arc`, NULL }, OCTET STRING of `length` octets }. */
function digestInfo(arc: number, length: number): Uint8Array {
  const oid = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, arc];
  return Uint8Array.of(0x30, 0x11 + length, 0x30, 0x0d, 0x06, 0x09, ...oid, 0x05, 0x00, 0x04, length);
}

/** Encodes DigestInfo, DER. */
export function encodeDigestInfo(hash: HashAlgorithm, digest: Uint8Array): Uint8Array {
  return concat(DIGEST_INFO[hash], digest);
}

/** Encodes EM = 00 01 FF…FF 00 DigestInfo, as long as the modulus. */
export function encodePkcs1(hash: HashAlgorithm, digest: Uint8Array, modulusBytes: number): Uint8Array {
  const info = encodeDigestInfo(hash, digest);
  const padding = new Uint8Array(modulusBytes - info.length - 3).fill(0xff);
  return concat(Uint8Array.of(0x00, 0x01), padding, Uint8Array.of(0x00), info);
}
