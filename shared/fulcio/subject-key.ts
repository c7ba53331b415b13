// SPDX-License-Identifier: Apache-2.0
// The key that a client wants certified, as it stands in a request, and the hash that goes with each kind of key.
// Spec: RFC 7468 §13; RFC 8017 §A.1.1; https://github.com/sigstore/fulcio/blob/main/fulcio.proto (PublicKey).

import { decodePem } from "../bytes/pem.ts";
import type { HashAlgorithm } from "../crypto/hash.ts";
import { type KeyKind, type PublicKey, type PublicKeyError, parsePublicKey } from "../crypto/public-key.ts";
import { bitString, NULL, oid, sequence } from "../der/writer.ts";
import { err, type Result } from "../result.ts";

export type SubjectKeyError = PublicKeyError | { readonly code: "public_key_pem_invalid" };

/** The hash that a kind of key is registered with; a certificate for another combination is refused. Ed25519 hashes by itself. */
export const KEY_HASH: Readonly<Record<KeyKind, HashAlgorithm>> = {
  "ecdsa-p256": "SHA-256",
  "ecdsa-p384": "SHA-384",
  "ecdsa-p521": "SHA-512",
  ed25519: "SHA-512",
  "rsa-2048": "SHA-256",
  "rsa-3072": "SHA-256",
  "rsa-4096": "SHA-256",
};

const RSA_ENCRYPTION = sequence(oid("1.2.840.113549.1.1.1"), NULL);

/**
 * Parses PEM text with exactly one `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1, which becomes an SPKI).
 * Fails with public_key_pem_invalid, public_key_invalid, public_key_weak or public_key_unsupported.
 */
export function parseSubjectKey(pem: string): Result<PublicKey, SubjectKeyError> {
  const blocks = decodePem(pem);
  const [block, ...more] = blocks.ok ? blocks.value : [];
  if (block === undefined || more.length > 0) return err({ code: "public_key_pem_invalid" });
  if (block.label === "PUBLIC KEY") return parsePublicKey(block.der);
  if (block.label === "RSA PUBLIC KEY") return parsePublicKey(sequence(RSA_ENCRYPTION, bitString(block.der)));
  return err({ code: "public_key_pem_invalid" });
}
