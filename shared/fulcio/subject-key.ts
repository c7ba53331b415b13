// SPDX-License-Identifier: Apache-2.0
// Parses the key that a client wants certified, and says which hash goes with each kind of key.
// Spec: RFC 7468 §13; RFC 8017 §A.1.1; https://github.com/sigstore/fulcio/blob/main/fulcio.proto (PublicKey).

import { decodePem, type PemBlock } from "../bytes/pem.ts";
import type { HashAlgorithm } from "../crypto/hash.ts";
import { type KeyKind, type PublicKey, type PublicKeyError, parsePublicKey } from "../crypto/public-key.ts";
import { rsaSpki } from "../crypto/spki.ts";
import { err, type Result } from "../result.ts";

/** The text is not one key in PEM, or the key is unacceptable. */
export type SubjectKeyError = PublicKeyError | { readonly code: "public_key_pem_invalid" };

/**
 * The hash registered for a kind of key; certificates for other combinations are rejected. Ed25519 hashes by itself.
 */
export const KEY_HASH: Readonly<Record<KeyKind, HashAlgorithm>> = {
  "ecdsa-p256": "SHA-256",
  "ecdsa-p384": "SHA-384",
  "ecdsa-p521": "SHA-512",
  ed25519: "SHA-512",
  "rsa-2048": "SHA-256",
  "rsa-3072": "SHA-256",
  "rsa-4096": "SHA-256",
};

/**
 * Parses PEM text with exactly one `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1, which is turned into an SPKI).
 * Fails with public_key_pem_invalid, public_key_invalid, public_key_weak or public_key_unsupported.
 */
export function parseSubjectKey(pem: string): Result<PublicKey, SubjectKeyError> {
  const blocks = decodePem(pem);
  const [block, ...more] = blocks.ok ? blocks.value : [];
  return block === undefined || more.length > 0 ? err({ code: "public_key_pem_invalid" }) : parseKeyBlock(block);
}

/** Parses a block like parseSubjectKey. */
export function parseKeyBlock(block: PemBlock): Result<PublicKey, SubjectKeyError> {
  if (block.label === "PUBLIC KEY") return parsePublicKey(block.der);
  if (block.label === "RSA PUBLIC KEY") return parsePublicKey(rsaSpki(block.der));
  return err({ code: "public_key_pem_invalid" });
}
