// SPDX-License-Identifier: Apache-2.0
// What a verifier of our tokens needs: the issuer's metadata and its public keys.
// Spec: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata; RFC 7517 §5.

import type { Config } from "./env.ts";

/**
 * A verifier that keeps keys for longer than this finds a new key late. Anyone may read them: browsers verify tokens too.
 */
const HEADERS = { "cache-control": "public, max-age=300", "access-control-allow-origin": "*" };

/**
 * The provider metadata. It names only what is served: keys, and how a token looks; there is no authorization endpoint, so
 * this is the minimum that relying parties verify tokens by, as CI systems that issue tokens publish it.
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

/** The JWK Set: the key that signs first, each named by its RFC 7638 thumbprint. */
export function jwks(config: Config): Response {
  return Response.json({ keys: publicKeys(config) }, { headers: HEADERS });
}

/** Whatever a token that is good now, or is going to be, may be signed with. */
export const publicKeys = ({ publicKey, otherPublicKeys }: Config): readonly JsonWebKey[] => [
  publicKey,
  ...otherPublicKeys,
];
