// SPDX-License-Identifier: Apache-2.0
// Makes the SubjectPublicKeyInfo of a key that arrives in another form. Checks nothing: parsePublicKey does.
// Spec: RFC 5480 §2; RFC 8017 §A.1; RFC 8410 §4; RFC 9881 §4.

import { bitString, NULL, oid, sequence } from "../der/writer.ts";
import type { EcdsaKind } from "./curves.ts";

const CURVE_OIDS: Readonly<Record<EcdsaKind, string>> = {
  "ecdsa-p256": "1.2.840.10045.3.1.7",
  "ecdsa-p384": "1.3.132.0.34",
  "ecdsa-p521": "1.3.132.0.35",
};

/** The SPKI of 32 bytes that encode a point. */
export const ed25519Spki = (point: Uint8Array): Uint8Array<ArrayBuffer> =>
  sequence(sequence(oid("1.3.101.112")), bitString(point));

/** The SPKI of 04 ‖ x ‖ y. */
export const ecdsaSpki = (kind: EcdsaKind, point: Uint8Array): Uint8Array<ArrayBuffer> =>
  sequence(sequence(oid("1.2.840.10045.2.1"), oid(CURVE_OIDS[kind])), bitString(point));

/** The SPKI of an RSAPublicKey, DER. */
export const rsaSpki = (pkcs1: Uint8Array): Uint8Array<ArrayBuffer> =>
  sequence(sequence(oid("1.2.840.113549.1.1.1"), NULL), bitString(pkcs1));

/** The SPKI of the 1,312 bytes of an ML-DSA-44 key. */
export const mlDsa44Spki = (key: Uint8Array): Uint8Array<ArrayBuffer> =>
  sequence(sequence(oid("2.16.840.1.101.3.4.3.17")), bitString(key));
