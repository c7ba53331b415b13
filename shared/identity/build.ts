// SPDX-License-Identifier: Apache-2.0
// Identities of automated builds: one engine over tables. A provider is a table that says how its claims make the name and the
// extensions; a new one is configuration. Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md (ci-provider)

import type { FulcioExtensionName, FulcioExtensions } from "../fulcio/extensions.ts";
import { type ClaimError, claimOf, readIntegerClaim, readScalarClaim, readTextClaim } from "../oidc/claims.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { err, ok, type Result } from "../result.ts";
import { challengesOf, type IdentityError, type Principal } from "./principal.ts";
import { type Lookup, parseTemplate, renderTemplate, type Template } from "./template.ts";
import { joinUri, normalizeUri } from "./uri.ts";

/** What a build may say: everything but who issued the token and for whom, which no template decides. */
export type BuildExtensionName = Exclude<FulcioExtensionName, "issuer" | "issuerV2" | "tokenSubject">;

type Values<V> = Readonly<Record<string, V>>;

/** A provider as its table is written. */
export interface ProviderSource {
  /** Values for names that a token may lack; a claim of the same name goes before. */
  readonly defaults?: Values<string>;
  readonly subjectAltName: string;
  readonly extensions: Readonly<Partial<Record<BuildExtensionName, string>>>;
  readonly demands?: Demands;
}

/** Go's `url.Parse(x).String()`, or its JoinPath behind a host. */
type UriForm = "parsed" | "joined";

/**
 * What the issuer types of before the templates demand, each of which has its own code in the reference: claims that are texts
 * and not empty, and URIs that are written as such.
 */
export interface Demands {
  /** Claims that must be there besides those of the templates. */
  readonly claims: readonly string[];
  /** Claims that must be whole numbers other than 0. */
  readonly integers: readonly string[];
  /** The only values of a claim. */
  readonly oneOf: Values<readonly string[]>;
  /** How the name (parsed, if it is not here) and extensions are written that are URIs; other extensions stay as they are. */
  readonly uris: Readonly<Partial<Record<BuildExtensionName | "subjectAltName", UriForm>>>;
}

export interface BuildProvider {
  readonly defaults: Values<string>;
  /** A URI. It is normalized; the extensions are not. */
  readonly subjectAltName: Template;
  readonly extensions: readonly (readonly [BuildExtensionName, Template])[];
  /** Null: a claim of an extension may be empty or null, and then the extension is left out; one that is absent may not. */
  readonly demands: Demands | null;
}

/** A template that cannot be read. `at` is null for that of the subjectAltName; `reason` completes "the template …". */
export interface ProviderError {
  readonly at: BuildExtensionName | null;
  readonly reason: string;
}

/** Reads a table. Fails with every template that is wrong. */
export function parseProvider(source: ProviderSource): Result<BuildProvider, readonly ProviderError[]> {
  const problems: ProviderError[] = [];
  const parse = (text: string, at: BuildExtensionName | null): Template => {
    const template = parseTemplate(text);
    if (!template.ok) problems.push({ at, reason: template.error.reason });
    return template.ok ? template.value : [];
  };
  const subjectAltName = parse(source.subjectAltName, null);
  const extensions = (Object.entries(source.extensions) as [BuildExtensionName, string][])
    // As in the reference, a template without anything in it makes no extension.
    .filter(([, text]) => text.trim() !== "")
    .map(([name, text]) => [name, parse(text, name)] as const);
  return problems.length > 0
    ? err(problems)
    : ok({ defaults: source.defaults ?? {}, subjectAltName, extensions, demands: source.demands ?? null });
}

/** The principal of a build's token. Fails with claim_missing or claim_invalid, naming the claim, or subject_alt_name_invalid. */
export function buildPrincipal(claims: VerifiedClaims, provider: BuildProvider): Result<Principal, IdentityError> {
  const unmet = checkDemands(claims, provider.demands);
  if (unmet !== null) return err(unmet);
  // A name with a hole in it would be somebody else's.
  const name = renderTemplate(provider.subjectAltName, lookUp(claims, provider, false), missing);
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

function writeUri(text: string, form: UriForm): Result<string, IdentityError> {
  const uri = form === "joined" ? joinUri(text) : normalizeUri(text);
  return uri.ok ? uri : err({ code: "subject_alt_name_invalid" });
}

const missing = (claim: string): ClaimError => ({ code: "claim_missing", claim });

function checkDemands(claims: VerifiedClaims, demands: Demands | null): ClaimError | null {
  for (const claim of demands?.claims ?? []) {
    const value = readTextClaim(claims, claim);
    if (!value.ok) return value.error;
  }
  for (const claim of demands?.integers ?? []) {
    const value = readIntegerClaim(claims, claim);
    if (!value.ok) return value.error;
    if (value.value === 0) return missing(claim);
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
    const text = renderTemplate(template, lookup, missing);
    if (!text.ok) return text;
    const form = demands?.uris[name];
    const value = form === undefined ? text : writeUri(text.value, form);
    if (!value.ok) return value;
    values[name] = value.value;
  }
  return ok(values);
}

/**
 * A claim, or the default of its name. The reference prints a claim that is null as `<nil>`, and lists and objects in Go's
 * notation: here the first is as good as empty, and the others are refused.
 * @param mayBeEmpty whether a claim that is there may say nothing
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
