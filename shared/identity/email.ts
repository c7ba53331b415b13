// SPDX-License-Identifier: Apache-2.0
// Identities that are e-mail addresses. Spec: OpenID Connect Core 1.0 §5.1; RFC 5321 §4.1.2, §4.5.3.1; RFC 5280 §4.2.1.6.

import { type ClaimError, type ClaimPath, type Claims, claimOf, readTextAt, readTextClaim } from "../oidc/claims.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { err, ok, type Result } from "../result.ts";
import { challengesOf, type IdentityError, type Principal } from "./principal.ts";

/** RFC 5321 §4.5.3.1: 64 octets of local part, 254 in all (erratum 1690 of RFC 3696). */
const MAX_LOCAL_PART = 64;
const MAX_ADDRESS = 254;
/** A Dot-string of atext; quoted local parts are refused, as two spellings of them would be one mailbox. */
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** Two or more labels of letters, digits and inner hyphens, the last between letters (as the reference's); no address literals. */
const DOMAIN = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z])?$/;

export interface EmailOptions {
  /** Where the issuer behind a federating provider stands, which the certificate then names; null for the token's own. */
  readonly issuerClaim: ClaimPath | null;
  /** True for a provider that never says email_verified, and whose addresses the operator vouches for. */
  readonly skipsVerification: boolean;
}

/** The principal of an e-mail token: `email` must be there, well-formed and verified. */
export function emailPrincipal(claims: VerifiedClaims, options: EmailOptions): Result<Principal, IdentityError> {
  const email = readEmail(claims, options.skipsVerification);
  if (!email.ok) return email;
  const issuer = readTextAt(claims, options.issuerClaim ?? ["iss"]);
  if (!issuer.ok) return issuer;
  const subject = readTextClaim(claims, "sub");
  if (!subject.ok) return subject;
  return ok({
    subjectAltName: { kind: "email", value: email.value },
    extensions: { issuer: issuer.value, issuerV2: issuer.value, tokenSubject: subject.value },
    challenges: challengesOf(claims, "email", "sub"),
  });
}

/** The claim `email`, checked. Fails with claim_missing, claim_invalid, email_unverified, email_not_ascii or email_invalid. */
export function readEmail(claims: Claims, skipsVerification: boolean): Result<string, IdentityError> {
  const email = readTextClaim(claims, "email");
  if (!email.ok) return email;
  const verified = readVerified(claims);
  if (!verified.ok) return verified;
  if (!verified.value && !skipsVerification) return err({ code: "email_unverified" });
  if (/[^\u0020-\u007e]/.test(email.value)) return err({ code: "email_not_ascii" });
  return isEmailAddress(email.value) ? email : err({ code: "email_invalid" });
}

/** `email_verified` as providers spell it; absent is false. */
function readVerified(claims: Claims): Result<boolean, ClaimError> {
  switch (claimOf(claims, "email_verified")) {
    case true:
    case "true":
    case "True":
      return ok(true);
    case undefined:
    case false:
    case "false":
    case "False":
      return ok(false);
    default:
      return err({ code: "claim_invalid", claim: "email_verified", expected: "true or false" });
  }
}

/** Whether the text is an address as a certificate may hold it. */
export function isEmailAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  return (
    text.length <= MAX_ADDRESS &&
    local.length <= MAX_LOCAL_PART &&
    LOCAL_PART.test(local) &&
    DOMAIN.test(text.slice(at + 1))
  );
}
