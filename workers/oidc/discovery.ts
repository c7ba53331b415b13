// SPDX-License-Identifier: Apache-2.0
// The issuer's metadata and public keys, with which others verify its tokens.
// Spec: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata; RFC 7517 §5.

import type { UnixMs } from "../../shared/time.ts";
import { isAccepted } from "../../shared/trust/retired-keys.ts";
import type { Config } from "./env.ts";

/**
 * Five minutes: a verifier that caches for longer learns of a new key late. Any origin may read, as browsers verify
 * tokens too.
 */
const HEADERS = { "cache-control": "public, max-age=300", "access-control-allow-origin": "*" };

/**
 * Answers with the provider metadata. There is no authorization endpoint, so it holds only what relying parties need to
 * verify tokens, as CI systems that issue tokens publish it.
 */
export function discovery({ issuer }: Config): Response {
  const metadata = {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "email"],
    claims_supported: ["iss", "sub", "aud", "exp", "iat", "email", "email_verified"],
  };
  return Response.json(metadata, { headers: HEADERS });
}

/** Answers with the JWK Set: the signing key first, each key named by its RFC 7638 thumbprint. */
export function jwks(config: Config, now: UnixMs): Response {
  return Response.json({ keys: publicKeys(config, now) }, { headers: HEADERS });
}

/**
 * The keys of all tokens that are valid now or will be: the signing key, then the coming ones, and the previous ones
 * while tokens of theirs can be valid. A key that others may have is not among them.
 */
export const publicKeys = ({ publicKey, otherKeys }: Config, now: UnixMs): readonly JsonWebKey[] => [
  publicKey,
  ...otherKeys.filter(({ retirement }) => isAccepted(retirement, now)).map(({ jwk }) => jwk),
];
