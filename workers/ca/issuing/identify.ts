// SPDX-License-Identifier: Apache-2.0
// Verifies an identity token and determines its principal. The issuer is looked up in the configuration before any
// fetch, so that a token cannot make the CA send requests to arbitrary hosts.

import { type Issuer, type IssuerTable, principalOf } from "../../../shared/identity/issuers.ts";
import type { Principal } from "../../../shared/identity/principal.ts";
import { parseToken, type VerifiedClaims, verifyToken } from "../../../shared/oidc/token.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UnixMs } from "../../../shared/time.ts";
import type { IdentifyError, IssuerError } from "../errors.ts";
import type { KeySources } from "../issuer-keys/jwks-source.ts";

/** The accepted issuers and their keys. */
export interface Identification {
  /** Includes loopback issuers even where they are rejected, so that the error can say why. */
  readonly issuers: IssuerTable;
  readonly allowLoopbackIssuers: boolean;
  readonly keysOf: KeySources;
}

/** A verified token and its principal. */
export interface Identified {
  readonly principal: Principal;
  readonly issuer: Issuer;
  readonly claims: VerifiedClaims;
  /**
   * The signed part of the token. Unlike the whole token, it has exactly one spelling, so it can identify the token.
   */
  readonly signedText: string;
}

/** Verifies the token and determines its principal. */
export async function identify(
  text: string,
  trusted: Identification,
  { client, now }: { readonly client: string; readonly now: UnixMs },
): Promise<Result<Identified, IdentifyError>> {
  if (text === "") return err({ code: "token_missing" });
  const token = parseToken(text);
  if (!token.ok) return token;
  const issuer = findIssuer(trusted, token.value.issuer);
  if (!issuer.ok) return issuer;
  const expected = { audiences: issuer.value.audiences, now };
  const claims = await verifyToken(token.value, expected, trusted.keysOf(issuer.value, client));
  if (!claims.ok) return claims;
  const principal = principalOf(issuer.value, claims.value);
  if (!principal.ok) return principal;
  const signedText = text.slice(0, text.lastIndexOf("."));
  return ok({ principal: principal.value, issuer: issuer.value, claims: claims.value, signedText });
}

function findIssuer({ issuers, allowLoopbackIssuers }: Identification, url: string): Result<Issuer, IssuerError> {
  const issuer = issuers.find(url);
  if (issuer === null) return err({ code: "issuer_unknown", issuer: url });
  return issuer.isLoopback && !allowLoopbackIssuers ? err({ code: "issuer_loopback", issuer: url }) : ok(issuer);
}
