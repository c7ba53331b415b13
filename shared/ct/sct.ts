// SPDX-License-Identifier: Apache-2.0
// Signed certificate timestamps: the data that the log signs, and the encoding of an SCT.
// Spec: RFC 6962 §3.2, §3.3; https://c2sp.org/static-ct-api

import { concat } from "../bytes/bytes.ts";
import { uint, vector } from "../bytes/writer.ts";
import type { EcdsaPublicKey } from "../crypto/public-key.ts";
import { verifyMessage } from "../crypto/verify-message.ts";
import { octetString } from "../der/writer.ts";
import type { UnixMs } from "../time.ts";
import { encodeExtension, OID } from "../x509/extensions.ts";
import type { CertificateEntry, TimestampedEntry } from "./leaf.ts";
import { encodeTimestampedEntry } from "./leaf.ts";

/** Version v1 and SignatureType certificate_timestamp. */
const SCT_PREFIX = Uint8Array.of(0x00, 0x00);
/** HashAlgorithm sha256, SignatureAlgorithm ecdsa (RFC 5246 §7.4.1.4.1). */
const SHA256_ECDSA = Uint8Array.of(0x04, 0x03);

/** Encodes struct { HashAlgorithm; SignatureAlgorithm; opaque signature<0..2^16-1>; } for an ECDSA signature in DER. */
export const encodeDigitallySigned = (signature: Uint8Array): Uint8Array<ArrayBuffer> =>
  concat(SHA256_ECDSA, vector(signature, 2));

/** The data that the log signs for an entry: version ‖ certificate_timestamp ‖ TimestampedEntry. */
export const sctSignedData = (entry: TimestampedEntry): Uint8Array<ArrayBuffer> =>
  concat(SCT_PREFIX, encodeTimestampedEntry(entry));

/**
 * The data that the log signs for a tree: version ‖ tree_hash ‖ uint64 timestamp ‖ uint64 size ‖ root (RFC 6962 §3.5).
 */
export const treeHeadSignedData = (timestamp: number, treeSize: number, root: Uint8Array): Uint8Array<ArrayBuffer> =>
  concat(Uint8Array.of(0x00, 0x01), uint(timestamp, 8), uint(treeSize, 8), root);

/**
 * Encodes CtExtensions with one leaf_index: type 0, length 5, 40-bit big-endian index. Throws RangeError above 2^40−1.
 */
export const leafIndexExtension = (leafIndex: number): Uint8Array<ArrayBuffer> =>
  concat(Uint8Array.of(0x00, 0x00, 0x05), uint(leafIndex, 5));

/** Reads the index from CtExtensions. The caller guarantees that they are exactly one leaf_index. */
export const readLeafIndex = (extensions: Uint8Array): number =>
  extensions.subarray(3).reduce((index, byte) => index * 256 + byte, 0);

/** SignedCertificateTimestamp, version 1, as TLS bytes. */
function encodeSct(sct: SignedCertificateTimestamp): Uint8Array<ArrayBuffer> {
  return concat(
    Uint8Array.of(0x00),
    sct.logId,
    uint(sct.timestamp, 8),
    vector(sct.extensions, 2),
    encodeDigitallySigned(sct.signature),
  );
}

/** Whether `logKey` signed this SCT for this certificate. The caller guarantees that the key is the log's. */
export function verifySct(
  { timestamp, extensions, signature }: SignedCertificateTimestamp,
  entry: CertificateEntry,
  logKey: EcdsaPublicKey,
): Promise<boolean> {
  return verifyMessage(logKey, "SHA-256", sctSignedData({ ...entry, timestamp, extensions }), signature);
}

/** Encodes the certificate extension with SCTs: a SignedCertificateTimestampList in an OCTET STRING of its own. */
export function encodeSctList(scts: readonly SignedCertificateTimestamp[]): Uint8Array<ArrayBuffer> {
  const list = vector(concat(...scts.map((sct) => vector(encodeSct(sct), 2))), 2);
  return encodeExtension(OID.sctList, false, octetString(list));
}

/** RFC 6962 §3.2, version 1. */
export interface SignedCertificateTimestamp {
  /** SHA-256 of the log's SPKI. */
  readonly logId: Uint8Array;
  readonly timestamp: UnixMs;
  /** CtExtensions: the leaf_index extension of static-ct-api, 8 bytes. */
  readonly extensions: Uint8Array;
  /** ASN.1 DER ECDSA signature over SHA-256. */
  readonly signature: Uint8Array;
}

/** The SCT of a log, and the key that verifies it. */
export interface LoggedCertificate extends SignedCertificateTimestamp {
  /** SubjectPublicKeyInfo of the log's key, DER. */
  readonly spki: Uint8Array;
}
