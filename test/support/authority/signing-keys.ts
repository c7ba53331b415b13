// SPDX-License-Identifier: Apache-2.0
// Keys of every kind that the service accepts, made and used by node:crypto, never by our own code.

import { generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { ed25519ph } from "@noble/curves/ed25519.js";
import type { HashAlgorithm } from "../../../shared/crypto/hash.ts";
import { type KeyDetails, keyDetailsOf, SIGNATURE_SCHEMES } from "../../../shared/crypto/key-details.ts";
import { type KeyKind, type PublicKey, parsePublicKey } from "../../../shared/crypto/public-key.ts";

/** A key pair of a client. */
export interface SigningKey {
  readonly kind: KeyKind;
  readonly keyDetails: KeyDetails;
  readonly hash: HashAlgorithm;
  readonly spki: Uint8Array;
  readonly publicKey: PublicKey;
  readonly publicObject: KeyObject;
  readonly privateObject: KeyObject;
}

/** Every kind of key that the log accepts. */
export const KEY_KINDS: readonly KeyKind[] = [
  "ecdsa-p256",
  "ecdsa-p384",
  "ecdsa-p521",
  "ed25519",
  "rsa-2048",
  "rsa-3072",
  "rsa-4096",
];

const keys = new Map<KeyKind, SigningKey>();

/** Returns a key of this kind, the same one throughout a test file: RSA keys take seconds. */
export function signingKey(kind: KeyKind): SigningKey {
  const key = keys.get(kind) ?? createSigningKey(kind);
  keys.set(kind, key);
  return key;
}

/** Makes a new key of this kind. */
export function createSigningKey(kind: KeyKind): SigningKey {
  const { publicKey: publicObject, privateKey: privateObject } = generate(kind);
  const spki = new Uint8Array(publicObject.export({ format: "der", type: "spki" }));
  const parsed = parsePublicKey(spki);
  if (!parsed.ok) throw new Error(parsed.error.code);
  const keyDetails = keyDetailsOf(kind);
  const { hash } = SIGNATURE_SCHEMES[keyDetails];
  return { kind, keyDetails, hash, spki, publicKey: parsed.value, publicObject, privateObject };
}

function generate(kind: KeyKind): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (kind === "ed25519") return generateKeyPairSync("ed25519");
  const [family, size = ""] = kind.split("-");
  if (family === "rsa") return generateKeyPairSync("rsa", { modulusLength: Number(size) });
  return generateKeyPairSync("ec", { namedCurve: size.replace("p", "P-") });
}

/**
 * Signs a message as the log expects: ECDSA in DER, RSA PKCS#1 v1.5, Ed25519ph (by noble, since node:crypto lacks
 * it).
 */
export function signMessage({ kind, hash, privateObject }: SigningKey, message: Uint8Array): Uint8Array {
  if (kind !== "ed25519") return new Uint8Array(sign(hash.replace("-", ""), message, privateObject));
  const { d = "" } = privateObject.export({ format: "jwk" });
  return ed25519ph.sign(message, new Uint8Array(Buffer.from(d, "base64url")));
}

/** Verifies such a signature with node:crypto, given the message. Not for Ed25519ph. */
export function verifyByNode({ hash, publicObject }: SigningKey, message: Uint8Array, signature: Uint8Array): boolean {
  return verify(hash.replace("-", ""), message, publicObject, signature);
}
