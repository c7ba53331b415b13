// SPDX-License-Identifier: Apache-2.0
// The configuration of the oidc service: the issuer's name and its token key. No other file of the service reads the environment.

import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { base64url, type JWK } from "jose";
import { sha256 } from "#sha256";
import { decodePem, encodePem } from "../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { type PublicUrl, publicUrlSetting } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type ConfigError, oncePerEnv, Settings } from "../../shared/settings/settings.ts";

export interface OidcEnv {
  readonly PUBLIC_URL?: string;
  /** RSA, PKCS#8 PEM. */
  readonly OIDC_KEY?: string;
  /** SPKI PEM, RSA: public keys before the one that signs and after it. */
  readonly OTHER_OIDC_KEYS?: string;
}

export interface Config {
  readonly publicUrl: PublicUrl;
  /** `iss` of every token, byte for byte what discovery answers. */
  readonly issuer: string;
  readonly signingKey: JWK;
  /** The public half of `signingKey`, as the JWK Set shows it. */
  readonly publicKey: JsonWebKeyWithKid;
  /** Of tokens that were signed before the key was replaced, and of those to come. */
  readonly otherPublicKeys: readonly JsonWebKeyWithKid[];
}

/** A smaller modulus is weak (RFC 7518 §3.3), a larger one costs 6 ms of CPU a token. */
const MIN_MODULUS_BITS = 2048;
const MAX_MODULUS_BITS = 4096;
/** One that comes, one that goes, and space for a mistake. */
const MAX_OTHER_KEYS = 4;

/** Fails with config_invalid, naming what is missing or wrong. */
export const readConfig: (env: OidcEnv) => Result<Config, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const key = settings.parsed("OIDC_KEY", parseTokenKey);
  const others = parseOtherKeys(settings.optional("OTHER_OIDC_KEYS") ?? "");
  if (!others.ok) settings.problem(`OTHER_OIDC_KEYS ${others.error}`);
  return settings.finish(() => ({
    publicUrl: publicUrl(),
    issuer: `${publicUrl().href}/oidc`,
    ...key(),
    otherPublicKeys: others.ok ? others.value : [],
  }));
});

type TokenKey = Pick<Config, "signingKey" | "publicKey">;

function parseTokenKey(pem: string): Result<TokenKey, string> {
  const blocks = decodePem(pem);
  if (!blocks.ok || blocks.value.length !== 1 || blocks.value[0]?.label !== "PRIVATE KEY") {
    return err("must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)");
  }
  const jwk = exportJwk(pem, createPrivateKey);
  const publicKey = publicJwk(jwk);
  return jwk === null || !publicKey.ok
    ? (publicKey as Result<never, string>)
    : ok({ signingKey: jwk, publicKey: publicKey.value });
}

/** PEM text of public keys, none in an empty text. */
function parseOtherKeys(pem: string): Result<readonly JsonWebKeyWithKid[], string> {
  if (pem.trim() === "") return ok([]);
  const blocks = decodePem(pem);
  if (!blocks.ok || blocks.value.some(({ label }) => label !== "PUBLIC KEY"))
    return err("must be PEM text of public keys (BEGIN PUBLIC KEY)");
  if (blocks.value.length > MAX_OTHER_KEYS) return err(`must be at most ${MAX_OTHER_KEYS} keys`);
  const keys: JsonWebKeyWithKid[] = [];
  for (const { label, der } of blocks.value) {
    const key = publicJwk(exportJwk(encodePem(label, der), createPublicKey));
    if (!key.ok) return key;
    keys.push(key.value);
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

function exportJwk(pem: string, open: (pem: string) => KeyObject): JWK | null {
  try {
    return open(pem).export({ format: "jwk" });
  } catch {
    return null;
  }
}

/** The key's name in tokens: the required members in lexicographic order, hashed (RFC 7638 §3). */
function thumbprint(n: string, e: string): string {
  return base64url.encode(sha256(encodeUtf8(JSON.stringify({ e, kty: "RSA", n }))));
}
