// SPDX-License-Identifier: Apache-2.0
// The issuer's metadata and public keys, with which clients begin and others verify its tokens.
// Spec: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata; RFC 7517 §5; RFC 8414 §2; RFC 9207

import { DEVICE_GRANT } from "../../../shared/oauth/request/token-request.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { isAccepted } from "../../../shared/trust/retired-keys.ts";
import type { Config } from "../env.ts";
import type { Provider } from "./provider.ts";

/**
 * Five minutes: a verifier that caches for longer learns of a new key late. Any origin may read, as browsers verify
 * tokens too.
 */
const HEADERS = { "cache-control": "public, max-age=300", "access-control-allow-origin": "*" };

/** Answers with the provider metadata. Without a connector, only what relying parties need to verify tokens. */
export function discovery({ config, connectors }: Provider): Response {
  const { issuer } = config;
  const verifying = {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "email"],
    claims_supported: ["iss", "sub", "aud", "exp", "iat", "email", "email_verified"],
  };
  const metadata = connectors.length === 0 ? verifying : { ...verifying, ...signingIn(config) };
  return Response.json(metadata, { headers: HEADERS });
}

const CLAIMS = "iss sub aud exp iat jti nonce email email_verified federated_claims";

/** The members that a client needs to sign people in. Some clients do not discover, and expect `/auth` and `/token`. */
const signingIn = ({ issuer, deviceFlow }: Config): object => ({
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  ...(deviceFlow === "off" ? {} : { device_authorization_endpoint: `${issuer}/device/code` }),
  response_types_supported: ["code"],
  response_modes_supported: ["query"],
  grant_types_supported: ["authorization_code", ...(deviceFlow === "off" ? [] : [DEVICE_GRANT])],
  code_challenge_methods_supported: ["S256"],
  token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
  authorization_response_iss_parameter_supported: true,
  claims_supported: CLAIMS.split(" "),
});

/** Answers with the JWK Set: the signing key first, each key named by its RFC 7638 thumbprint. */
export function jwks(config: Config, now: UnixMs): Response {
  return Response.json({ keys: publicKeys(config, now) }, { headers: HEADERS });
}

/**
 * The keys of all tokens that are valid now or will be: the signing key, then the coming ones, and the previous ones
 * while tokens of theirs can be valid. A key that others may have is not among them. All are for RS256: a client in
 * Java rejects a set that holds a key for anything else.
 */
export const publicKeys = ({ publicKey, otherKeys }: Config, now: UnixMs): readonly JsonWebKey[] => [
  publicKey,
  ...otherKeys.filter(({ retirement }) => isAccepted(retirement, now)).map(({ jwk }) => jwk),
];
