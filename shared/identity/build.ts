// SPDX-License-Identifier: Apache-2.0
// Identities of automated builds. A provider is a table that says how its claims form the name and the extensions; one
// engine evaluates all tables, and a new provider is configuration.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md (ci-provider)

import type { FulcioExtensionName, FulcioExtensions } from "../fulcio/extensions.ts";
import { type ClaimError, claimOf, readIntegerClaim, readScalarClaim, readTextClaim } from "../oidc/claims.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { err, ok, type Result } from "../result.ts";
import { challengesOf, type IdentityError, type Principal } from "./principal.ts";
import { type Lookup, parseTemplate, renderTemplate, type Template } from "./template.ts";
import { joinUri, normalizeUri } from "./uri.ts";

/** The extensions that templates may set: all except the token's issuer and subject. */
export type BuildExtensionName = Exclude<FulcioExtensionName, "issuer" | "issuerV2" | "tokenSubject">;

type Values<V> = Readonly<Record<string, V>>;

/** The table of a provider, before its templates are parsed. */
export interface ProviderSource {
  /** Values for claims that a token may lack. */
  readonly defaults?: Values<string>;
  readonly subjectAltName: string;
  readonly extensions: Readonly<Partial<Record<BuildExtensionName, string>>>;
  readonly demands?: Demands;
}

/** `parsed`: Go's `url.Parse(x).String()`. `joined`: Go's JoinPath on a host. */
type UriForm = "parsed" | "joined";

/**
 * The demands of the issuer types from before the templates, each with its own code in the reference: claims that are
 * non-empty strings, and URIs in a certain form.
 */
export interface Demands {
  /** Required claims besides those of the templates. */
  readonly claims: readonly string[];
  /** Claims that must be integers other than 0. */
  readonly integers: readonly string[];
  /** The only accepted values of a claim. */
  readonly oneOf: Values<readonly string[]>;
  /** How to write the extensions that are URIs, and the name, which is `parsed` by default. */
  readonly uris: Readonly<Partial<Record<BuildExtensionName | "subjectAltName", UriForm>>>;
}

/** A provider whose templates are parsed. */
export interface BuildProvider {
  readonly defaults: Values<string>;
  /** Renders a URI, which is normalized; the extensions are not. */
  readonly subjectAltName: Template;
  readonly extensions: readonly (readonly [BuildExtensionName, Template])[];
  /** Null: an empty or null claim omits its extension, and an absent one is an error. */
  readonly demands: Demands | null;
}

/** An invalid template. `at` is null for the subjectAltName's; `reason` completes "the template …". */
export interface ProviderError {
  readonly at: BuildExtensionName | null;
  readonly reason: string;
}

/** Parses a provider's table. Fails with every invalid template. */
export function parseProvider(source: ProviderSource): Result<BuildProvider, readonly ProviderError[]> {
  const problems: ProviderError[] = [];
  const parse = (text: string, at: BuildExtensionName | null): Template => {
    const template = parseTemplate(text);
    if (!template.ok) problems.push({ at, reason: template.error.reason });
    return template.ok ? template.value : [];
  };
  const subjectAltName = parse(source.subjectAltName, null);
  if (problems.length === 0 && !canFormUri(subjectAltName, source)) {
    problems.push({ at: null, reason: "forms no URI that a certificate can hold, whatever the claims are" });
  }
  const extensions = (Object.entries(source.extensions) as [BuildExtensionName, string][])
    // As in the reference, an empty template makes no extension.
    .filter(([, text]) => text.trim() !== "")
    .map(([name, text]) => [name, parse(text, name)] as const);
  return problems.length > 0
    ? err(problems)
    : ok({ defaults: source.defaults ?? {}, subjectAltName, extensions, demands: source.demands ?? null });
}

/** Returns a build's principal. Fails with claim_missing or claim_invalid for a claim, or subject_alt_name_invalid. */
export function buildPrincipal(claims: VerifiedClaims, provider: BuildProvider): Result<Principal, IdentityError> {
  const unmet = checkDemands(claims, provider.demands);
  if (unmet !== null) return err(unmet);
  // A name built from an empty claim would belong to somebody else.
  const name = renderTemplate(provider.subjectAltName, lookUp(claims, provider, false), claimMissing);
  if (!name.ok) return name;
  const uri = writeUri(name.value, provider.demands?.uris.subjectAltName ?? "parsed");
  if (!uri.ok) return uri;
  const extensions = renderExtensions(claims, provider);
  if (!extensions.ok) return extensions;
  const issuer = readTextClaim(claims, "iss");
  if (!issuer.ok) return issuer;
  const subject = readTextClaim(claims, "sub");
  if (!subject.ok) return subject;
  return ok({
    subjectAltName: { kind: "uri", value: uri.value },
    extensions: { ...extensions.value, issuer: issuer.value, issuerV2: issuer.value, tokenSubject: subject.value },
    challenges: challengesOf(claims, "sub", "email"),
  });
}

/** Stand-ins for claims: a word, a port, a URI, and what may follow a scheme. */
const SAMPLES = ["x", "1", "https://example.com/x", "//example.com/x"];

/** Whether some claims could make it a URI. A template with branches may be one for claims that no sample has. */
function canFormUri(template: Template, { defaults = {}, demands }: ProviderSource): boolean {
  if (template.some(({ kind }) => kind === "if")) return true;
  const isUri = (valueOf: (name: string) => string): boolean => {
    const text = renderTemplate<string>(
      template,
      (name) => ok(valueOf(name)),
      (name) => name,
    );
    return text.ok && writeUri(text.value, demands?.uris.subjectAltName ?? "parsed").ok;
  };
  // A claim takes precedence over a default.
  return SAMPLES.some(
    (sample) => isUri(() => sample) || isUri((name) => new Map(Object.entries(defaults)).get(name) ?? sample),
  );
}

function writeUri(text: string, form: UriForm): Result<string, IdentityError> {
  const uri = form === "joined" ? joinUri(text) : normalizeUri(text);
  return uri.ok ? uri : err({ code: "subject_alt_name_invalid" });
}

const claimMissing = (claim: string): ClaimError => ({ code: "claim_missing", claim });

function checkDemands(claims: VerifiedClaims, demands: Demands | null): ClaimError | null {
  for (const claim of demands?.claims ?? []) {
    const value = readTextClaim(claims, claim);
    if (!value.ok) return value.error;
  }
  for (const claim of demands?.integers ?? []) {
    const value = readIntegerClaim(claims, claim);
    if (!value.ok) return value.error;
    if (value.value === 0) return claimMissing(claim);
  }
  for (const [claim, values] of Object.entries(demands?.oneOf ?? {})) {
    const isAllowed = values.some((value) => value === claimOf(claims, claim));
    if (!isAllowed) return { code: "claim_invalid", claim, expected: values.join(" or ") };
  }
  return null;
}

function renderExtensions(claims: VerifiedClaims, provider: BuildProvider): Result<FulcioExtensions, IdentityError> {
  const { extensions, demands } = provider;
  const lookup = lookUp(claims, provider, true);
  const values: Record<string, string> = {};
  for (const [name, template] of extensions) {
    const text = renderTemplate(template, lookup, claimMissing);
    if (!text.ok) return text;
    const form = demands?.uris[name];
    const value = form === undefined ? text : writeUri(text.value, form);
    if (!value.ok) return value;
    values[name] = value.value;
  }
  return ok(values);
}

/**
 * Returns a claim, or its default. The reference prints a null claim as `<nil>`, and lists and objects in Go's
 * notation. Here null counts as empty, and lists and objects are rejected.
 * @param mayBeEmpty whether the claim may be present but empty
 */
function lookUp(claims: VerifiedClaims, { defaults, demands }: BuildProvider, mayBeEmpty: boolean): Lookup<ClaimError> {
  const read = demands === null ? readScalarClaim : readTextClaim;
  return (name) => {
    const value = read(claims, name);
    if (value.ok || value.error.code !== "claim_missing") return value;
    const fallback = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    if (fallback !== undefined) return ok(fallback);
    if (!mayBeEmpty || demands !== null) return value;
    return ok(claimOf(claims, name) === undefined ? null : "");
  };
}
