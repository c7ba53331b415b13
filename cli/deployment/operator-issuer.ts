// SPDX-License-Identifier: Apache-2.0
// The operator issuer: an OpenID issuer whose key lies offline and whose public half stands in the CA's configuration. It can
// speak of one identity only, so that a deployment can be tried, and sign its first artifact, before it knows any other issuer.

import { createPublicKey, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, type JWK, SignJWT } from "jose";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { DEFAULT_AUDIENCE } from "../../shared/identity/issuers.ts";

export const OPERATOR_KEY_FILE = "operator-issuer.key.pem";
/** In keys/: the public half, as a JWK Set. */
export const OPERATOR_JWKS_FILE = "operator-issuer.jwks.json";

/** Long enough for a person's own hands, too short to be worth stealing. */
const TOKEN_LIFETIME_SECONDS = 300;
/** The CA allows for clocks that differ by less. */
const CLOCK_GRACE_SECONDS = 10;

export interface Operator {
  /** `iss`: below the deployment's own host, which nobody else can name. Nothing is ever fetched from there. */
  readonly issuer: string;
  /** The one identity: an e-mail address that need not exist. */
  readonly identity: string;
}

/** Who the operator is at an address. A loopback host is no name that a certificate could be checked against later. */
export function operatorOf({ href, hostname, isLoopback }: PublicUrl): Operator {
  return isLoopback
    ? { issuer: "https://sigedge.invalid/operator", identity: "operator@sigedge.invalid" }
    : { issuer: `${href}/operator`, identity: `operator@${hostname}` };
}

/** The JWK Set that the CA is given. */
export async function operatorJwks(key: KeyObject): Promise<{ readonly keys: readonly JWK[] }> {
  const jwk = createPublicKey(key).export({ format: "jwk" }) as JWK;
  return { keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk), use: "sig", alg: "ES256" }] };
}

/** An identity token of the operator issuer, good for five minutes. */
export async function operatorToken(key: KeyObject, { issuer, identity }: Operator): Promise<string> {
  const { keys } = await operatorJwks(key);
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
): string => `  # You, for smoke tests and a first signature. Its key is offline/${OPERATOR_KEY_FILE}; take the row out when it is not needed.
  ${issuer}:
    type: email
    policy:
      - claim: email
        equals: ${identity}
    jwks: '${JSON.stringify(jwks)}'
`;
