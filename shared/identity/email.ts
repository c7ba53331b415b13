// SPDX-License-Identifier: Apache-2.0
// Identities that are email addresses. Spec: OpenID Connect Core 1.0 §5.1; RFC 5321 §4.1.2, §4.5.3.1; RFC 5280
// §4.2.1.6.

import { type ClaimError, type ClaimPath, type Claims, claimOf, readTextAt, readTextClaim } from "../oidc/claims.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { err, ok, type Result } from "../result.ts";
import { challengesOf, type IdentityError, type Principal } from "./principal.ts";

/** RFC 5321 §4.5.3.1: 64 octets of local part, 254 in total (erratum 1690 of RFC 3696). */
const MAX_LOCAL_PART = 64;
const MAX_ADDRESS = 254;
/** A Dot-string of atext. Quoted local parts are rejected, since two spellings of them would be one mailbox. */
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/**
 * Two or more labels of letters, digits and inner hyphens; like the reference's, the last begins and ends with a
 * letter.
 */
const DOMAIN = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z])?$/;

/** How an issuer's email tokens are read. */
export interface EmailOptions {
  /** Path to the issuer behind a federating provider, which the certificate then names; null for the token's own. */
  readonly issuerClaim: ClaimPath | null;
  /** True for a provider that never sends email_verified and whose addresses the operator vouches for. */
  readonly skipsVerification: boolean;
}

/** Returns the principal of an email token: `email` must be present, well-formed and verified. */
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

/**
 * Reads the claim `email`. Fails with claim_missing, claim_invalid, email_unverified, email_not_ascii or email_invalid.
 */
export function readEmail(claims: Claims, skipsVerification: boolean): Result<string, IdentityError> {
  const email = readTextClaim(claims, "email");
  if (!email.ok) return email;
  const verified = readVerified(claims);
  if (!verified.ok) return verified;
  if (!verified.value && !skipsVerification) return err({ code: "email_unverified" });
  if (/[^\u0020-\u007e]/.test(email.value)) return err({ code: "email_not_ascii" });
  return isEmailAddress(email.value) ? email : err({ code: "email_invalid" });
}

/** Reads `email_verified` in providers' spellings; absent is false. */
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

/** Whether a certificate may contain this text as an email address. */
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
