// SPDX-License-Identifier: Apache-2.0
// dev.sigstore.common.v1.PublicKeyDetails: the labels for how a key signs, and those the signature log accepts.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_common.proto

import type { HashAlgorithm } from "./hash.ts";
import type { KeyKind } from "./public-key.ts";

/** The kind of key and the hash of a signature. */
export interface SignatureScheme {
  readonly keyKind: KeyKind;
  /** The hash whose digest is signed; for Ed25519, the prehash of Ed25519ph. */
  readonly hash: HashAlgorithm;
}

/**
 * The schemes that the signature log accepts: those whose signature can be verified over the digest alone. Pure Ed25519
 * and PSS cannot.
 */
export const SIGNATURE_SCHEMES = {
  PKIX_ECDSA_P256_SHA_256: { keyKind: "ecdsa-p256", hash: "SHA-256" },
  PKIX_ECDSA_P384_SHA_384: { keyKind: "ecdsa-p384", hash: "SHA-384" },
  PKIX_ECDSA_P521_SHA_512: { keyKind: "ecdsa-p521", hash: "SHA-512" },
  PKIX_ED25519_PH: { keyKind: "ed25519", hash: "SHA-512" },
  PKIX_RSA_PKCS1V15_2048_SHA256: { keyKind: "rsa-2048", hash: "SHA-256" },
  PKIX_RSA_PKCS1V15_3072_SHA256: { keyKind: "rsa-3072", hash: "SHA-256" },
  PKIX_RSA_PKCS1V15_4096_SHA256: { keyKind: "rsa-4096", hash: "SHA-256" },
} as const satisfies Readonly<Record<string, SignatureScheme>>;

/** The keyDetails of a scheme that the log accepts. */
export type KeyDetails = keyof typeof SIGNATURE_SCHEMES;

/** Whether the log accepts this keyDetails name. */
export const isKeyDetails = (name: string): name is KeyDetails => Object.hasOwn(SIGNATURE_SCHEMES, name);

/** Returns the keyDetails that a verifier derives from a key of this kind when it rebuilds the leaf. */
export function keyDetailsOf(kind: KeyKind): KeyDetails {
  const names = Object.keys(SIGNATURE_SCHEMES) as KeyDetails[];
  const found = names.find((name) => SIGNATURE_SCHEMES[name].keyKind === kind);
  if (found === undefined) throw new TypeError(`no scheme for ${kind}`);
  return found;
}

/** Every value of the protobuf enum, name → number, so that a request may name one that the log does not accept. */
export const KEY_DETAILS_NUMBERS = {
  PUBLIC_KEY_DETAILS_UNSPECIFIED: 0,
  PKCS1_RSA_PKCS1V5: 1,
  PKCS1_RSA_PSS: 2,
  PKIX_RSA_PKCS1V5: 3,
  PKIX_RSA_PSS: 4,
  PKIX_ECDSA_P256_SHA_256: 5,
  PKIX_ECDSA_P256_HMAC_SHA_256: 6,
  PKIX_ED25519: 7,
  PKIX_ED25519_PH: 8,
  PKIX_RSA_PKCS1V15_2048_SHA256: 9,
  PKIX_RSA_PKCS1V15_3072_SHA256: 10,
  PKIX_RSA_PKCS1V15_4096_SHA256: 11,
  PKIX_ECDSA_P384_SHA_384: 12,
  PKIX_ECDSA_P521_SHA_512: 13,
  LMS_SHA256: 14,
  LMOTS_SHA256: 15,
  PKIX_RSA_PSS_2048_SHA256: 16,
  PKIX_RSA_PSS_3072_SHA256: 17,
  PKIX_RSA_PSS_4096_SHA256: 18,
  PKIX_ECDSA_P384_SHA_256: 19,
  PKIX_ECDSA_P521_SHA_256: 20,
  ML_DSA_65: 21,
  ML_DSA_87: 22,
  ML_DSA_44: 23,
} as const;
