// SPDX-License-Identifier: Apache-2.0
// The operator issuer: an OpenID issuer whose key is offline and whose public half is in the CA's configuration. It
// can vouch for one identity only. With it, a deployment can be tested and sign its first artifact before any other
// issuer is configured.

import { createPublicKey, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, type JWK, SignJWT } from "jose";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { DEFAULT_AUDIENCE } from "../../shared/identity/issuers.ts";

export const OPERATOR_KEY_FILE = "operator-issuer.key.pem";
/** In keys/: the public half, as a JWK Set. */
export const OPERATOR_JWKS_FILE = "operator-issuer.jwks.json";

/** Long enough to use a token by hand, short enough to make theft pointless. */
const TOKEN_LIFETIME_SECONDS = 300;
/** Tolerates a CA whose clock is behind. */
const CLOCK_GRACE_SECONDS = 10;

/** The issuer and the identity of the operator. */
export interface Operator {
  /** `iss`: a URL below the deployment's own host, which nobody else controls. Nothing is ever fetched from it. */
  readonly issuer: string;
  /** The only identity: an email address that need not exist. */
  readonly identity: string;
}

/**
 * The operator of an address. Loopback hosts get a reserved name, as a certificate for localhost proves nothing
 * later.
 */
export function operatorOf({ href, hostname, isLoopback }: PublicUrl): Operator {
  return isLoopback
    ? { issuer: "https://sigedge.invalid/operator", identity: "operator@sigedge.invalid" }
    : { issuer: `${href}/operator`, identity: `operator@${hostname}` };
}

/** The JWK Set for the CA. */
export async function readOperatorJwks(key: KeyObject): Promise<{ readonly keys: readonly JWK[] }> {
  const jwk = createPublicKey(key).export({ format: "jwk" }) as JWK;
  return { keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk), use: "sig", alg: "ES256" }] };
}

/** Issues an identity token that is valid for five minutes. */
export async function signOperatorToken(key: KeyObject, { issuer, identity }: Operator): Promise<string> {
  const { keys } = await readOperatorJwks(key);
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ email: identity, email_verified: true })
    .setProtectedHeader({ alg: "ES256", kid: keys[0]?.kid ?? "", typ: "JWT" })
    .setIssuer(issuer)
    .setSubject(identity)
    .setAudience(DEFAULT_AUDIENCE)
    .setIssuedAt(now - CLOCK_GRACE_SECONDS)
    .setExpirationTime(now + TOKEN_LIFETIME_SECONDS)
    .sign(key);
}

/** The row of issuers.yaml. */
export const operatorRow = (
  { issuer, identity }: Operator,
  jwks: object,
): string => `  # The operator, for smoke tests and a first signature. Its key is offline/${OPERATOR_KEY_FILE}; remove the row when you do not need it.
  ${issuer}:
    type: email
    policy:
      - claim: email
        equals: ${identity}
    jwks: '${JSON.stringify(jwks)}'
`;
