// SPDX-License-Identifier: Apache-2.0
// The configuration of the oidc room: the issuer's name and its token key. No other file of the room reads the environment.

import { createPrivateKey } from "node:crypto";
import { base64url, type JWK } from "jose";
import { sha256 } from "#sha256";
import { decodePem } from "../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { type ConfigError, oncePerEnv, Settings } from "../../shared/env.ts";
import { type PublicUrl, publicUrlSetting } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";

export interface OidcEnv {
  readonly PUBLIC_URL?: string;
  /** RSA, PKCS#8 PEM. */
  readonly OIDC_KEY?: string;
}

export interface Config {
  readonly publicUrl: PublicUrl;
  /** `iss` of every token, byte for byte what discovery answers. */
  readonly issuer: string;
  readonly signingKey: JWK;
  /** The public half of `signingKey`, as the JWK Set shows it. */
  readonly publicKey: JsonWebKeyWithKid;
}

/** A smaller modulus is weak (RFC 7518 §3.3), a larger one costs 6 ms of CPU a token. */
const MIN_MODULUS_BITS = 2048;
const MAX_MODULUS_BITS = 4096;

/** Fails with config_invalid, naming what is missing or wrong. */
export const readConfig: (env: OidcEnv) => Result<Config, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const key = settings.parsed("OIDC_KEY", parseTokenKey);
  return settings.finish(() => ({ publicUrl: publicUrl(), issuer: `${publicUrl().href}/oidc`, ...key() }));
});

type TokenKey = Pick<Config, "signingKey" | "publicKey">;

function parseTokenKey(pem: string): Result<TokenKey, string> {
  const blocks = decodePem(pem);
  if (!blocks.ok || blocks.value.length !== 1 || blocks.value[0]?.label !== "PRIVATE KEY") {
    return err("must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)");
  }
  const jwk = exportJwk(pem);
  if (jwk?.kty !== "RSA" || typeof jwk.n !== "string" || typeof jwk.e !== "string") return err("must be an RSA key");
  const { n, e } = jwk;
  const bits = base64url.decode(n).length * 8;
  if (bits < MIN_MODULUS_BITS || bits > MAX_MODULUS_BITS) {
    return err(`must have ${MIN_MODULUS_BITS} to ${MAX_MODULUS_BITS} bits`);
  }
  return ok({ signingKey: jwk, publicKey: { kty: "RSA", use: "sig", alg: "RS256", kid: thumbprint(n, e), n, e } });
}

function exportJwk(pem: string): JWK | null {
  try {
    return createPrivateKey(pem).export({ format: "jwk" });
  } catch {
    return null;
  }
}

/** The key's name in tokens: the required members in lexicographic order, hashed (RFC 7638 §3). */
function thumbprint(n: string, e: string): string {
  return base64url.encode(sha256(encodeUtf8(JSON.stringify({ e, kty: "RSA", n }))));
}
