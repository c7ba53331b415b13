// SPDX-License-Identifier: Apache-2.0
// Keys, certificates, signatures and leaves in the spellings of queries: as PEM, as base64 of their bytes, or by their
// SHA-256. All become the hex SHA-256 that is indexed. Null for a text that names none.

import { sha256 } from "#sha256";
import { decodeBase64, decodeProtoBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { decodePem } from "../bytes/pem.ts";
import { parsePublicKey } from "../crypto/public-key.ts";
import { parseCertificate } from "../x509/certificate.ts";

/** A chain of certificates pasted as a whole; the first one counts. */
const MAX_BLOCKS = 8;
const HEX_64 = /^(?:sha256:)?([0-9a-f]{64})$/i;
/** `openssl x509 -fingerprint -sha256` prints bytes with colons between them. */
const WITH_COLONS = /^(?:sha256 fingerprint=)?((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i;
/** The tree's ID before the leaf hash (Rekor v1). */
const WITH_TREE_ID = /^[0-9a-f]{16}([0-9a-f]{64})$/i;

/** `sha256:<hex>`, bare hex or hex with colons → lower-case hex. */
function parseFingerprint(text: string): string | null {
  const [, hex] = HEX_64.exec(text) ?? WITH_COLONS.exec(text) ?? [];
  return hex === undefined ? null : hex.replaceAll(":", "").toLowerCase();
}

/** The SHA-256 of a SubjectPublicKeyInfo: a fingerprint, a PEM key, or the key in a PEM certificate. */
export function parsePublicKeyText(text: string): string | null {
  const fingerprint = parseFingerprint(text);
  if (fingerprint !== null) return fingerprint;
  const der = decodeText(text);
  if (der === null) return null;
  const certificate = parseCertificate(der);
  if (certificate.ok) return hashOf(certificate.value.spki);
  return parsePublicKey(der).ok ? hashOf(der) : null;
}

/** The SHA-256 of a certificate in DER: a fingerprint, or a certificate in PEM or base64. */
export function parseCertificateText(text: string): string | null {
  const fingerprint = parseFingerprint(text);
  if (fingerprint !== null) return fingerprint;
  const der = decodeText(text);
  return der !== null && parseCertificate(der).ok ? hashOf(der) : null;
}

/** The SHA-256 of a signature: the hash itself with its prefix, or the signature in base64 or hex. */
export function parseSignatureText(text: string): string | null {
  const repaired = text.trim().replaceAll(" ", "+");
  if (/^sha256:/i.test(repaired)) return parseFingerprint(repaired);
  const bytes = decodeProtoBase64(repaired);
  return bytes.ok && bytes.value.length >= MIN_SIGNATURE_BYTES ? hashOf(bytes.value) : null;
}

/** The shortest ECDSA signature of P-256 that occurs has 68 bytes, an Ed25519 signature has 64. */
export const MIN_SIGNATURE_BYTES = 64;

/** A leaf hash in hex, or a UUID of Rekor v1, which ends in one. */
export function parseLeafText(text: string): string | null {
  const [, hash] = WITH_TREE_ID.exec(text) ?? [];
  return hash?.toLowerCase() ?? parseFingerprint(text);
}

/** PEM, or base64 of DER. A raw + in a query arrives as a blank. */
export function decodeText(text: string): Uint8Array | null {
  const trimmed = text.trim();
  if (trimmed.startsWith("-----")) {
    const blocks = decodePem(trimmed, MAX_BLOCKS);
    return blocks.ok ? (blocks.value[0]?.der ?? null) : null;
  }
  const der = decodeBase64(trimmed.replaceAll(" ", "+").replace(/[\r\n]+/g, ""));
  return der.ok ? der.value : null;
}

const hashOf = (bytes: Uint8Array): string => encodeHex(sha256(bytes));
