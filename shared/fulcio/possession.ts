// SPDX-License-Identifier: Apache-2.0
// Proof of possession: the client shows that it holds the private key to be certified. It signs the identity in its
// token, as UTF-8 without prefix or nonce, or sends a certificate request signed by the key.
// Spec: https://github.com/sigstore/fulcio/blob/main/fulcio.proto (PublicKeyRequest, certificate_signing_request).

import { encodeUtf8 } from "../bytes/utf8.ts";
import { toBigInt } from "../crypto/curves.ts";
import { decodeEd25519Point } from "../crypto/ed25519-point.ts";
import type { HashAlgorithm } from "../crypto/hash.ts";
import { type KeyKind, type PublicKey, type PublicKeyError, parsePublicKey } from "../crypto/public-key.ts";
import { verifyMessage } from "../crypto/verify-message.ts";
import { err, ok, type Result } from "../result.ts";
import { type CsrError, parseCertificateRequest, verifyCertificateRequest } from "../x509/csr.ts";
import type { RequestedKey } from "./request.ts";
import { KEY_HASH, parseSubjectKey, type SubjectKeyError } from "./subject-key.ts";
import { hasClosePrimes, isRocaModulus } from "./weak-rsa.ts";

/** The key is unacceptable, or its possession is not proven. */
export type PossessionError =
  | SubjectKeyError
  | CsrError
  | { readonly code: "proof_missing" }
  | { readonly code: "proof_invalid" }
  /** The request is signed, but not with a hash allowed for the key. */
  | { readonly code: "csr_hash_not_permitted"; readonly kind: KeyKind; readonly hash: HashAlgorithm };

/**
 * Returns the key if the request proves that the client holds its private half.
 * @param challenges the texts that a proof may sign; a certificate request needs none.
 */
export function verifyPossession(
  requested: RequestedKey,
  challenges: readonly string[],
): Promise<Result<PublicKey, PossessionError>> {
  return requested.kind === "csr"
    ? verifyRequest(requested.pem)
    : verifyProof(requested.pem, challenges, requested.proof);
}

async function verifyProof(
  pem: string,
  challenges: readonly string[],
  proof: Uint8Array,
): Promise<Result<PublicKey, PossessionError>> {
  const key = rejectKnownWeakness(parseSubjectKey(pem));
  if (!key.ok) return key;
  if (proof.length === 0) return err({ code: "proof_missing" });
  for (const challenge of challenges) {
    if (await isSignedBy(key.value, challenge, proof)) return key;
  }
  return err({ code: "proof_invalid" });
}

async function isSignedBy(key: PublicKey, challenge: string, proof: Uint8Array): Promise<boolean> {
  const message = encodeUtf8(challenge);
  for (const hash of hashesOf(key)) {
    if (await verifyMessage(key, hash, message, proof)) return true;
  }
  return false;
}

/**
 * Makes the checks that parsePublicKey leaves to a CA. Fails with public_key_weak for a key whose numbers show a
 * weakness, and with public_key_invalid for an Ed25519 key that is not a point.
 */
function rejectKnownWeakness<E>(key: Result<PublicKey, E>): Result<PublicKey, E | PublicKeyError> {
  if (!key.ok) return key;
  if (key.value.kind === "ed25519") {
    const point = decodeEd25519Point(key.value.point);
    if (point === null) return err({ code: "public_key_invalid" });
    // Under such a key one signature is valid for many messages, and anyone can make it.
    return point.isSmallOrder() ? err({ code: "public_key_weak" }) : key;
  }
  const modulus = "modulus" in key.value ? toBigInt(key.value.modulus) : null;
  const isWeak = modulus !== null && (isRocaModulus(modulus) || hasClosePrimes(modulus));
  return isWeak ? err({ code: "public_key_weak" }) : key;
}

/** Returns the hashes for a key. Clients older than Fulcio 1.7 use SHA-256 for every curve, which proves as much. */
function hashesOf({ kind }: PublicKey): readonly HashAlgorithm[] {
  return kind === "ecdsa-p384" || kind === "ecdsa-p521" ? [KEY_HASH[kind], "SHA-256"] : [KEY_HASH[kind]];
}

async function verifyRequest(pem: Uint8Array): Promise<Result<PublicKey, PossessionError>> {
  const request = parseCertificateRequest(pem);
  if (!request.ok) return request;
  const key = rejectKnownWeakness<PublicKeyError>(parsePublicKey(request.value.spki));
  if (!key.ok) return key;
  const hash = await verifyCertificateRequest(request.value, key.value);
  if (!hash.ok) return hash;
  const { kind } = key.value;
  return hash.value === KEY_HASH[kind]
    ? ok(key.value)
    : err({ code: "csr_hash_not_permitted", kind, hash: hash.value });
}
