// SPDX-License-Identifier: Apache-2.0
// From an identity token to the principal it speaks for. The issuer is found before anything is fetched, so that a token can
// send us nowhere.

import { type Issuer, type IssuerTable, principalOf } from "../../../shared/identity/issuers.ts";
import type { IdentityError, Principal } from "../../../shared/identity/principal.ts";
import {
  type KeySource,
  parseToken,
  type TokenError,
  type VerifiedClaims,
  verifyToken,
} from "../../../shared/oidc/token.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UnixMs } from "../../../shared/time.ts";
import type { KeysUnavailable } from "../issuer-keys/jwks-source.ts";

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
  /** Refused loopback ones included. */
  readonly issuers: IssuerTable;
  readonly allowLoopbackIssuers: boolean;
  readonly keysOf: (issuer: Issuer) => KeySource<KeysUnavailable>;
}

/** A token that holds, and who it speaks for. */
export interface Identified {
  readonly principal: Principal;
  readonly issuer: Issuer;
  readonly claims: VerifiedClaims;
  /** The part of the token that is signed: unlike the whole, nobody can spell it in another way. */
  readonly signedText: string;
}

/** Verifies the token wholly and says who it speaks for. */
export async function identify(
  text: string,
  trusted: Identification,
  now: UnixMs,
): Promise<Result<Identified, IdentifyError>> {
  if (text === "") return err({ code: "token_missing" });
  const token = parseToken(text);
  if (!token.ok) return token;
  const issuer = findIssuer(trusted, token.value.issuer);
  if (!issuer.ok) return issuer;
  const expected = { audiences: issuer.value.audiences, now };
  const claims = await verifyToken(token.value, expected, trusted.keysOf(issuer.value));
  if (!claims.ok) return claims;
  const principal = principalOf(issuer.value, claims.value);
  if (!principal.ok) return principal;
  const signedText = text.slice(0, text.lastIndexOf("."));
  return ok({ principal: principal.value, issuer: issuer.value, claims: claims.value, signedText });
}

function findIssuer({ issuers, allowLoopbackIssuers }: Identification, url: string): Result<Issuer, IssuerRefusal> {
  const issuer = issuers.find(url);
  if (issuer === null) return err({ code: "issuer_unknown", issuer: url });
  return issuer.isLoopback && !allowLoopbackIssuers ? err({ code: "issuer_loopback", issuer: url }) : ok(issuer);
}
