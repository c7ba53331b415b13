// SPDX-License-Identifier: Apache-2.0
// The keys of the built-in issuer: the one that signs tokens, and the public keys that verifiers may still or soon
// need.
// Spec: RFC 7517; RFC 7638

import { createPublicKey, type KeyObject } from "node:crypto";
import { base64url, type JWK } from "jose";
import { parsePkcs8 } from "#private-key";
import { sha256 } from "#sha256";
import { decodePem, encodePem } from "../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** A smaller modulus is weak (RFC 7518 §3.3); a larger one costs 6 ms of CPU per token. */
const MIN_MODULUS_BITS = 2048;
const MAX_MODULUS_BITS = 4096;
/** The next key and the former ones of a month, however often they were replaced. */
const MAX_OTHER_KEYS = 16;

export interface TokenKey {
  readonly signingKey: JWK;
  /** The public half of `signingKey`, as the JWK Set shows it. */
  readonly publicKey: JsonWebKeyWithKid;
}

/** The public half of a key that does not sign now. */
export interface OtherKey {
  readonly jwk: JsonWebKeyWithKid;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

/** Parses OIDC_KEY: one RSA key in PKCS#8 PEM. The error completes "OIDC_KEY …". */
export function parseTokenKey(pem: string): Result<TokenKey, string> {
  const key = parsePkcs8(pem);
  if (!key.ok) return key;
  const signingKey = exportJwk(() => key.value);
  if (signingKey === null) return err("must be an RSA key");
  const publicKey = publicJwk(signingKey);
  return publicKey.ok ? ok({ signingKey, publicKey: publicKey.value }) : publicKey;
}

/** Parses OTHER_OIDC_KEYS: PEM text of RSA public keys, possibly none. The error completes "OTHER_OIDC_KEYS …". */
export function parseOtherKeys(pem: string): Result<readonly OtherKey[], string> {
  if (pem.trim() === "") return ok([]);
  const blocks = decodePem(pem);
  if (!blocks.ok || blocks.value.some(({ label }) => label !== "PUBLIC KEY"))
    return err("must be PEM text of public keys (BEGIN PUBLIC KEY)");
  if (blocks.value.length > MAX_OTHER_KEYS) return err(`must be at most ${MAX_OTHER_KEYS} keys`);
  const keys: OtherKey[] = [];
  for (const { label, der } of blocks.value) {
    const key = publicJwk(exportJwk(() => createPublicKey(encodePem(label, der))));
    if (!key.ok) return key;
    keys.push({ jwk: key.value, spki: der });
  }
  return ok(keys);
}

function publicJwk(jwk: JWK | null): Result<JsonWebKeyWithKid, string> {
  if (jwk?.kty !== "RSA" || typeof jwk.n !== "string" || typeof jwk.e !== "string") return err("must be an RSA key");
  const { n, e } = jwk;
  const bits = base64url.decode(n).length * 8;
  if (bits < MIN_MODULUS_BITS || bits > MAX_MODULUS_BITS) {
    return err(`must have ${MIN_MODULUS_BITS} to ${MAX_MODULUS_BITS} bits`);
  }
  return ok({ kty: "RSA", use: "sig", alg: "RS256", kid: thumbprint(n, e), n, e });
}

/** Returns null for a key that does not parse, or that has no JWK form. */
function exportJwk(open: () => KeyObject): JWK | null {
  try {
    return open().export({ format: "jwk" });
  } catch {
    return null;
  }
}

/** The `kid` of a key: the hash of its required members in lexicographic order (RFC 7638 §3). */
function thumbprint(n: string, e: string): string {
  return base64url.encode(sha256(encodeUtf8(JSON.stringify({ e, kty: "RSA", n }))));
}
