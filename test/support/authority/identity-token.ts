// SPDX-License-Identifier: Apache-2.0
// Identity tokens for tests, signed by node:crypto, without the code that verifies them.

import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** An issuer's token key. */
export interface IssuerKey {
  readonly privateKey: KeyObject;
  readonly keyId: string;
  /** The public key, as in a JWK Set. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** The kinds of token keys. */
export type KeyType = "RSA" | "P-256" | "P-384" | "P-521" | "Ed25519";

const CURVES = { "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1" } as const;

/** Generates a token key. */
export function makeIssuerKey(keyId: string, type: KeyType = "RSA"): IssuerKey {
  const { publicKey, privateKey } = generate(type);
  return { privateKey, keyId, jwk: { ...publicKey.export({ format: "jwk" }), kid: keyId, use: "sig" } };
}

function generate(type: KeyType): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (type === "RSA") return generateKeyPairSync("rsa", { modulusLength: 2048 });
  return type === "Ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: CURVES[type] });
}

type Json = Readonly<Record<string, unknown>>;

/** Encodes a string, or the JSON of any other value, as base64url. */
export const part = (value: Json | string): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Signs a compact JWS. `header` adds to alg and kid; an undefined member removes one. */
export function signToken(claims: Json | string, key: IssuerKey, header: Json = {}): string {
  const complete: Json = { alg: "RS256", kid: key.keyId, typ: "JWT", ...header };
  const input = `${part(complete)}.${part(claims)}`;
  return `${input}.${signature(String(complete["alg"]), Buffer.from(input), key.privateKey).toString("base64url")}`;
}

function signature(alg: string, input: Buffer, key: KeyObject): Buffer {
  const hash = `sha${alg.slice(2)}`;
  if (alg === "EdDSA") return sign(null, input, key);
  if (alg.startsWith("ES")) return sign(hash, input, { key, dsaEncoding: "ieee-p1363" });
  if (alg.startsWith("PS")) {
    return sign(hash, input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(alg.slice(2)) / 8 });
  }
  return alg.startsWith("RS") ? sign(hash, input, key) : Buffer.of(0);
}

/**
 * Forges a token by an HMAC over the public key's text, which a verifier accepts if the header chooses the algorithm.
 */
export function signWithPublicKey(claims: Json, publicKeyText: string): string {
  const input = `${part({ alg: "HS256" })}.${part(claims)}`;
  return `${input}.${createHmac("sha256", publicKeyText).update(input).digest("base64url")}`;
}
