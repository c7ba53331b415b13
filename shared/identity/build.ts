// SPDX-License-Identifier: Apache-2.0
// Identities of automated builds: one engine over rows. A provider is a table that says how its claims make the name and the
// extensions; to add one is to write its table. Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md

import type { FulcioExtensionName, FulcioExtensions } from "../fulcio/extensions.ts";
import { type ClaimError, readScalarClaim, readTextClaim } from "../oidc/claims.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { err, ok, type Result } from "../result.ts";
import { challengesOf, type IdentityError, type Principal } from "./principal.ts";
import { normalizeUri } from "./uri.ts";

/** Text in which `{name}` stands for the claim of that name. */
type Template = string;

export interface BuildProvider {
  /** A URI. It is normalized; the extensions are not. */
  readonly subjectAltName: Template;
  readonly extensions: Readonly<Partial<Record<FulcioExtensionName, Template>>>;
  /** Claims that a token may lack: they count as empty. Every other one that a template names is required. */
  readonly optionalClaims: readonly string[];
}

const PLACEHOLDER = /\{([^{}]+)\}/g;

/** The principal of a build's token. Fails with claim_missing or claim_invalid, naming the claim, or subject_alt_name_invalid. */
export function buildPrincipal(claims: VerifiedClaims, provider: BuildProvider): Result<Principal, IdentityError> {
  const name = render(provider.subjectAltName, claims, provider);
  if (!name.ok) return name;
  const uri = normalizeUri(name.value);
  if (!uri.ok) return err({ code: "subject_alt_name_invalid" });
  const extensions = renderExtensions(claims, provider);
  if (!extensions.ok) return extensions;
  const issuer = readTextClaim(claims, "iss");
  if (!issuer.ok) return issuer;
  const subject = readTextClaim(claims, "sub");
  if (!subject.ok) return subject;
  return ok({
    subjectAltName: { kind: "uri", value: uri.value },
    extensions: {
      ...extensions.value,
      issuer: issuer.value,
      issuerV2: issuer.value,
      tokenSubject: subject.value,
    },
    challenges: challengesOf(claims, "sub", "email"),
  });
}

function renderExtensions(claims: VerifiedClaims, provider: BuildProvider): Result<FulcioExtensions, ClaimError> {
  const values: Record<string, string> = {};
  for (const [name, template] of Object.entries(provider.extensions)) {
    const value = render(template, claims, provider);
    if (!value.ok) return value;
    values[name] = value.value;
  }
  return ok(values);
}

function render(template: Template, claims: VerifiedClaims, provider: BuildProvider): Result<string, ClaimError> {
  const values = new Map<string, string>();
  for (const [, claim = ""] of template.matchAll(PLACEHOLDER)) {
    const value = readScalarClaim(claims, claim);
    const isAbsent = !value.ok && value.error.code === "claim_missing" && provider.optionalClaims.includes(claim);
    if (!value.ok && !isAbsent) return value;
    values.set(claim, value.ok ? value.value : "");
  }
  return ok(template.replace(PLACEHOLDER, (_, claim: string) => values.get(claim) ?? ""));
}
