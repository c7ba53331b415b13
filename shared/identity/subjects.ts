// SPDX-License-Identifier: Apache-2.0
// Identities taken from the token as they are: user names, URIs, SPIFFE IDs, Kubernetes service accounts, Chainguard
// identities.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md; SPIFFE-ID §2; RFC 1123 §2.1 (names in Kubernetes).

import { type Claims, claimOf, readTextAt, readTextClaim } from "../oidc/claims.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { err, ok, type Result } from "../result.ts";
import type { SubjectAltName } from "../x509/subject-alt-name.ts";
import { isEmailAddress, readEmail } from "./email.ts";
import { challengesOf, type IdentityError, type Principal } from "./principal.ts";
import { normalizeUri } from "./uri.ts";

const rejectInvalid = (claim: string, expected: string): Result<never, IdentityError> =>
  err({ code: "claim_invalid", claim, expected });

/** Returns the otherName `sub!domain`. */
export function usernamePrincipal(claims: VerifiedClaims, domain: string): Result<Principal, IdentityError> {
  const subject = readTextClaim(claims, "sub");
  if (!subject.ok) return subject;
  // A second ! would make the name ambiguous, and an address would pass for a user name.
  if (subject.value.includes("!")) return rejectInvalid("sub", "a user name without !");
  if (isEmailAddress(subject.value)) return rejectInvalid("sub", "a user name, not an email address");
  return toPrincipal(claims, { kind: "username", value: `${subject.value}!${domain}` });
}

/** Returns the subject itself, a URI under `domain`: the configured scheme, host and port. */
export function uriPrincipal(claims: VerifiedClaims, domain: string): Result<Principal, IdentityError> {
  const subject = readTextClaim(claims, "sub");
  if (!subject.ok) return subject;
  const uri = normalizeUri(subject.value);
  if (!uri.ok) return err({ code: "subject_alt_name_invalid" });
  // The reference compares scheme and host name and so accepts any port. A service on another port is another service.
  const isUnder = originOf(uri.value) === originOf(domain);
  return isUnder
    ? toPrincipal(claims, { kind: "uri", value: uri.value })
    : rejectInvalid("sub", "a URI of the issuer's subject domain");
}

/** Returns scheme and authority as a URL parser prints them, or null for an invalid URL. */
function originOf(uri: string): string | null {
  const url = URL.canParse(uri) ? new URL(uri) : null;
  // Not `origin`, which is "null" for every scheme that browsers do not know.
  return url === null ? null : `${url.protocol}//${url.host}`;
}

/**
 * The characters of a trust domain (SPIFFE-ID §2.1). As a host name in a certificate it has no empty labels; see
 * uri.ts.
 */
const TRUST_DOMAIN = /^(?=.{1,255}$)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
/** Path segments are neither empty nor dots (SPIFFE-ID §2.2). */
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*)$/;

/** Whether the text is a SPIFFE trust domain. */
export const isTrustDomain = (text: string): boolean => TRUST_DOMAIN.test(text);

/** Returns the subject itself, a SPIFFE ID of the trust domain. */
export function spiffePrincipal(claims: VerifiedClaims, trustDomain: string): Result<Principal, IdentityError> {
  const subject = readTextClaim(claims, "sub");
  if (!subject.ok) return subject;
  const id = SPIFFE_ID.exec(subject.value);
  if (id === null) return rejectInvalid("sub", "a SPIFFE ID");
  if (id[1] !== trustDomain) return rejectInvalid("sub", "a SPIFFE ID of the issuer's trust domain");
  return toPrincipal(claims, { kind: "uri", value: subject.value });
}

const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** Returns the service account. The reference accepts one without a name; here Kubernetes must allow both names. */
export function kubernetesPrincipal(claims: VerifiedClaims): Result<Principal, IdentityError> {
  const namespace = readTextAt(claims, ["kubernetes.io", "namespace"]);
  if (!namespace.ok) return namespace;
  if (!DNS_LABEL.test(namespace.value)) return rejectInvalid("kubernetes.io.namespace", "the name of a namespace");
  const account = readTextAt(claims, ["kubernetes.io", "serviceaccount", "name"]);
  if (!account.ok) return account;
  if (!DNS_SUBDOMAIN.test(account.value)) {
    return rejectInvalid("kubernetes.io.serviceaccount.name", "the name of a service account");
  }
  const value = `https://kubernetes.io/namespaces/${namespace.value}/serviceaccounts/${account.value}`;
  return toPrincipal(claims, { kind: "uri", value });
}

/** Returns `<iss>/<sub>`. If the token has an email address, it must be verified, since clients then sign it. */
export function chainguardPrincipal(claims: VerifiedClaims): Result<Principal, IdentityError> {
  const subject = readTextClaim(claims, "sub");
  if (!subject.ok) return subject;
  const issuer = readTextClaim(claims, "iss");
  if (!issuer.ok) return issuer;
  const email = hasEmail(claims) ? readEmail(claims, false) : null;
  if (email?.ok === false) return email;
  // The reference cleans the path. We reject a subject that cleaning would change.
  if (subject.value.split("/").some((segment) => ["", ".", ".."].includes(segment))) {
    return rejectInvalid("sub", "a path without empty or dotted segments");
  }
  const uri = normalizeUri(`${issuer.value.replace(/\/$/, "")}/${subject.value}`);
  if (!uri.ok || /[?#]/.test(subject.value)) return err({ code: "subject_alt_name_invalid" });
  const principal = toPrincipal(claims, { kind: "uri", value: uri.value });
  return principal.ok ? ok({ ...principal.value, challenges: challengesOf(claims, "email", "sub") }) : principal;
}

function hasEmail(claims: Claims): boolean {
  const email = claimOf(claims, "email");
  return email !== undefined && email !== null && email !== "";
}

/** Adds the parts common to these identities: extensions with issuer and subject. */
function toPrincipal(claims: VerifiedClaims, subjectAltName: SubjectAltName): Result<Principal, IdentityError> {
  const issuer = readTextClaim(claims, "iss");
  if (!issuer.ok) return issuer;
  const subject = readTextClaim(claims, "sub");
  if (!subject.ok) return subject;
  return ok({
    subjectAltName,
    extensions: { issuer: issuer.value, issuerV2: issuer.value, tokenSubject: subject.value },
    challenges: challengesOf(claims, "sub", "email"),
  });
}
