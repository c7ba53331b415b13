// SPDX-License-Identifier: Apache-2.0
// From an identity token to the principal it speaks for. The issuer is found before anything is fetched, so that a token can
// send us nowhere.

import { type Issuer, principalOf } from "../../shared/identity/issuers.ts";
import type { IdentityError, Principal } from "../../shared/identity/principal.ts";
import { type KeySource, parseToken, type TokenError, verifyToken } from "../../shared/oidc/token.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { UnixMs } from "../../shared/time.ts";
import type { KeysUnavailable } from "./jwks-source.ts";

type IssuerRefusal =
  | { readonly code: "issuer_unknown"; readonly issuer: string }
  /** A loopback address, which only the development composition accepts. */
  | { readonly code: "issuer_loopback"; readonly issuer: string };

export type IdentifyError =
  | { readonly code: "token_missing" }
  | TokenError
  | IssuerRefusal
  | KeysUnavailable
  | IdentityError;

export interface Identification {
  /** By URL, refused loopback ones included. */
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly allowLoopbackIssuers: boolean;
  readonly keysOf: (issuer: Issuer) => KeySource<KeysUnavailable>;
}

/** Verifies the token wholly and says who it speaks for. */
export async function identify(
  text: string,
  trusted: Identification,
  now: UnixMs,
): Promise<Result<Principal, IdentifyError>> {
  if (text === "") return err({ code: "token_missing" });
  const token = parseToken(text);
  if (!token.ok) return token;
  const issuer = findIssuer(trusted, token.value.issuer);
  if (!issuer.ok) return issuer;
  const expected = { audience: issuer.value.clientId, now };
  const claims = await verifyToken(token.value, expected, trusted.keysOf(issuer.value));
  return claims.ok ? principalOf(issuer.value, claims.value) : claims;
}

function findIssuer({ issuers, allowLoopbackIssuers }: Identification, url: string): Result<Issuer, IssuerRefusal> {
  const issuer = issuers.get(url);
  if (issuer === undefined) return err({ code: "issuer_unknown", issuer: url });
  return issuer.isLoopback && !allowLoopbackIssuers ? err({ code: "issuer_loopback", issuer: url }) : ok(issuer);
}
