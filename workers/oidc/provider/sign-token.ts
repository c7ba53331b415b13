// SPDX-License-Identifier: Apache-2.0
// Signs identity tokens. Spec: OpenID Connect Core 1.0 §2; RFC 7515; RFC 7519

import { type JWTPayload, SignJWT } from "jose";
import type { Redeemed } from "../../../shared/rpc/grants.ts";
import type { UnixMs } from "../../../shared/time.ts";
import type { TokenKey } from "../token-keys.ts";

/** A client presents the token at once. Shorter ones break people whose clocks are a minute ahead. */
export const TOKEN_SECONDS = 300;
/** One client refuses a token that was issued more than 5 seconds ahead of its own clock. */
const ISSUED_AGO_SECONDS = 30;

/** The claims of a token. No `nbf`, which some clients compare without tolerance; no `at_hash`, see token.ts. */
export function claimsOf(
  { identity, tokenId }: Redeemed,
  { issuer, audience, now }: { readonly issuer: string; readonly audience: string; readonly now: UnixMs },
): JWTPayload {
  const { connectorId, userId, subject, address, nonce } = identity;
  const seconds = Math.floor(now / 1000);
  return {
    iss: issuer,
    sub: subject,
    aud: audience,
    exp: seconds + TOKEN_SECONDS,
    iat: seconds - ISSUED_AGO_SECONDS,
    jti: tokenId,
    ...(nonce === null ? {} : { nonce }),
    email: address,
    // A boolean: one client fails on anything else. Nothing but verified addresses gets here.
    email_verified: true,
    federated_claims: { connector_id: connectorId, user_id: userId },
  };
}

/** Signs with RS256 and names the key. */
export const signToken = ({ signingKey, publicKey }: TokenKey, claims: JWTPayload): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: publicKey.kid, typ: "JWT" }).sign(signingKey);
