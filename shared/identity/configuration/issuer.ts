// SPDX-License-Identifier: Apache-2.0
// Reads one issuer of the configuration: Fulcio's vocabulary, and our own `client-ids`, `jwks`, `policy`,
// `omit-extensions` and `one-time-tokens`. Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md

import { encodeUtf8 } from "../../bytes/utf8.ts";
import { parseJson } from "../../json/parse.ts";
import type { ClaimPath } from "../../oidc/claims.ts";
import { parseIssuerPattern } from "../../oidc/issuer-pattern.ts";
import { type KeyOrigin, parseIssuerUrl } from "../../oidc/issuer-url.ts";
import { ALGORITHMS, keysOf, parseJwk, type VerificationKey } from "../../oidc/jwks.ts";
import type { BuildProvider } from "../build.ts";
import { CHALLENGE_CLAIMS, DEFAULT_AUDIENCE, type Identity, type Issuer, type IssuerType } from "../issuers.ts";
import { isTrustDomain } from "../subjects.ts";
import { OMITTABLE_EXTENSIONS } from "./extension-names.ts";
import { readPolicy } from "./policy.ts";
import type { Fields, Section } from "./section.ts";

const MEMBERS = [
  "issuer-url",
  "client-id",
  "client-ids",
  "type",
  "ci-provider",
  "issuer-claim",
  "subject-domain",
  "spiffe-trust-domain",
  "skip-email-verification",
  "challenge-claim",
  "jwks",
  "policy",
  "omit-extensions",
  "one-time-tokens",
  "description",
  "contact",
  "environment",
  "ca-cert",
];
/** Without these, more tokens are accepted or certificates say something else than the operator may think. */
const VALUED_MEMBERS = [
  "client-id",
  "client-ids",
  "issuer-claim",
  "challenge-claim",
  "jwks",
  "policy",
  "omit-extensions",
  "one-time-tokens",
  "environment",
];
const TYPES = Object.keys(CHALLENGE_CLAIMS) as IssuerType[];
/** Members that only these types have. */
const MEMBERS_OF_TYPES: Readonly<Record<string, readonly IssuerType[]>> = {
  "issuer-claim": ["email"],
  "skip-email-verification": ["email"],
  "subject-domain": ["username", "uri"],
  "spiffe-trust-domain": ["spiffe"],
  "ci-provider": ["ci-provider"],
};
const CLAIM_PATH = /^\$(?:\.[A-Za-z0-9_-]+)+$/;
const MAX_AUDIENCES = 16;

/** The place of an issuer's row in the configuration. */
export interface IssuerContext {
  /** The key of its row, which is the issuer; null if only `issuer-url` states it. */
  readonly key: string | null;
  readonly kind: "issuer" | "meta" | "either";
  readonly providers: ReadonlyMap<string, BuildProvider>;
}

/** Reads a row as far as possible; returns null if it is not an object. */
export function readIssuer(row: Section, context: IssuerContext): Issuer | null {
  if (typeof row.value !== "object" || row.value === null || Array.isArray(row.value)) {
    row.report("must be a JSON object");
    return null;
  }
  const fields = row.fields(MEMBERS, VALUED_MEMBERS);
  if (fields.get("ca-cert") !== null) {
    fields.report(
      "ca-cert",
      "is not supported: a Worker takes public certificates only; give the issuer's keys as jwks",
    );
  }
  const keys = readKeys(fields.get("jwks"));
  const address = readAddress(row, fields, { ...context, keys: keys.kind === "static" ? "static" : "fetched" });
  const type = readType(fields);
  for (const [name, types] of Object.entries(MEMBERS_OF_TYPES)) {
    if (!types.includes(type)) forbid(fields, name, type);
  }
  const policy = fields.get("policy");
  return {
    ...address,
    audiences: readAudiences(fields),
    identity: readIdentity(type, fields, {
      ...context,
      isMeta: address.url.includes("*"),
      host: address.url.replaceAll("*", "x"),
    }),
    challengeClaim: readChallengeClaim(fields, type),
    keys,
    policy: policy === null ? null : readPolicy(policy),
    omittedExtensions: readOmitted(fields.get("omit-extensions")),
    takesTokensOnce: fields.flag("one-time-tokens", false),
  };
}

/**
 * Reports members that do not apply to the type. The reference leaves them at their zero value, which counts as absent.
 */
function forbid(fields: Fields, name: string, type: IssuerType): void {
  const value = fields.get(name)?.value;
  if (value !== undefined && value !== "" && value !== false) {
    fields.report(name, `is not for issuers of type ${type}`);
  }
}

type Address = Pick<Issuer, "url" | "isLoopback" | "pattern">;

interface AddressContext extends IssuerContext {
  readonly keys: KeyOrigin;
}

function readAddress(row: Section, fields: Fields, context: AddressContext): Address {
  const { key } = context;
  const written = fields.get("issuer-url");
  const stated = written?.value === "" ? null : fields.text("issuer-url");
  if (key !== null && stated !== null && stated !== key) fields.report("issuer-url", "must be the key of its row");
  if (key === null && written === null) fields.report("issuer-url", "is missing");
  // A problem with the address is reported at the key, if there is one.
  const place = key === null ? (written ?? row) : row;
  return parseAddress(key ?? stated ?? "", context, place);
}

function parseAddress(url: string, { kind, keys }: AddressContext, place: Section): Address {
  const nothing: Address = { url, isLoopback: false, pattern: null };
  if (url === "") return nothing;
  const isMeta = url.includes("*");
  if (kind === "issuer" && isMeta) place.report("has a wildcard, so it belongs below meta-issuers");
  if (kind === "meta" && !isMeta) place.report("has no wildcard, so it belongs below oidc-issuers");
  const parse = isMeta ? parseIssuerPattern : parseIssuerUrl;
  const parsed = parse(url, keys);
  if (parsed.ok) {
    const { isLoopback } = parsed.value;
    return { url, isLoopback, pattern: "matches" in parsed.value ? parsed.value : null };
  }
  const hint = keys === "fetched" && parse(url, "static").ok ? ", or its row must have the issuer's keys as jwks" : "";
  place.report(parsed.error.reason + hint);
  return nothing;
}

function readType(fields: Fields): IssuerType {
  const type = TYPES.find((known) => known === fields.get("type")?.value);
  if (type === undefined) fields.report("type", `must be one of ${TYPES.join(", ")}`);
  return type ?? "email";
}

function readAudiences(fields: Fields): readonly string[] {
  const one = fields.text("client-id");
  const several = fields.get("client-ids");
  if (several === null) return [one ?? DEFAULT_AUDIENCE];
  const listed = several.items().map((item) => item.text() ?? "");
  const isCount = listed.length > 0 && listed.length <= MAX_AUDIENCES;
  if (Array.isArray(several.value) && !isCount) several.report(`must have 1 to ${MAX_AUDIENCES} audiences`);
  return [...new Set(one === null ? listed : [one, ...listed])];
}

interface IdentityContext extends IssuerContext {
  readonly isMeta: boolean;
  /** The issuer with every wildcard filled in. */
  readonly host: string;
}

function readIdentity(type: IssuerType, fields: Fields, context: IdentityContext): Identity {
  if (type === "email") {
    const skipsVerification = fields.flag("skip-email-verification", false);
    return { type, issuerClaim: readIssuerClaim(fields), skipsVerification };
  }
  if (type === "username" || type === "uri") {
    return { type, subjectDomain: readSubjectDomain(type, fields, context.host) };
  }
  if (type === "spiffe") return { type, trustDomain: readTrustDomain(fields, context) };
  return type === "ci-provider" ? readCiProvider(fields, context) : { type };
}

function readIssuerClaim(fields: Fields): ClaimPath | null {
  const section = fields.get("issuer-claim");
  if (section === null || section.value === "") return null;
  const text = section.text() ?? "";
  if (!CLAIM_PATH.test(text)) section.report("must be a path like $.federated_claims.connector_id");
  return text.slice(2).split(".");
}

/**
 * For a uri issuer it has the issuer's scheme, for a username issuer none; the last two labels of the host are the
 * issuer's.
 */
function readSubjectDomain(type: "username" | "uri", fields: Fields, issuerUrl: string): string {
  const section = fields.get("subject-domain");
  if (section === null) fields.report("subject-domain", "is missing");
  const domain = section?.text() ?? null;
  const problem = domain === null ? null : domainProblem(type, domain, issuerUrl);
  if (problem !== null) section?.report(problem);
  return domain ?? "";
}

function domainProblem(type: "username" | "uri", domain: string, issuerUrl: string): string | null {
  const full = type === "uri" ? domain : `https://${domain}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url === null || url.href !== `${full}/` || (type === "username" && url.port !== "")) {
    return `must be ${type === "uri" ? "a scheme and a host, like https://example.com" : "a host name, like example.com"}`;
  }
  // An invalid address is reported elsewhere.
  const issuer = URL.canParse(issuerUrl) ? new URL(issuerUrl) : null;
  if (issuer === null) return null;
  if (type === "uri" && url.protocol !== issuer.protocol)
    return `must begin with ${issuer.protocol}//, as the issuer does`;
  return areRelated(url.hostname, issuer.hostname) ? null : "must end in the same two labels as the issuer's host";
}

function areRelated(a: string, b: string): boolean {
  const labels = a.split(".").slice(-2);
  return a === b || (labels.length === 2 && `.${b}`.endsWith(`.${labels.join(".")}`));
}

function readTrustDomain(fields: Fields, { isMeta }: IdentityContext): string {
  const domain = fields.text("spiffe-trust-domain") ?? "";
  if (fields.get("spiffe-trust-domain") === null) fields.report("spiffe-trust-domain", "is missing");
  else if (!isTrustDomain(domain)) fields.report("spiffe-trust-domain", "must be a trust domain, like example.org");
  if (isMeta) fields.report("type", "must not be spiffe for an issuer with wildcards");
  return domain;
}

function readCiProvider(fields: Fields, { providers }: IdentityContext): Identity {
  const name = fields.text("ci-provider");
  const provider = providers.get(name ?? "");
  if (fields.get("ci-provider") === null) fields.report("ci-provider", "is missing");
  else if (name !== null && provider === undefined) {
    fields.report(
      "ci-provider",
      `must be one of ${[...providers.keys()].join(", ")}, or be defined in ci-issuer-metadata`,
    );
  }
  return provider === undefined ? { type: "kubernetes" } : { type: "ci-provider", provider };
}

function readChallengeClaim(fields: Fields, type: IssuerType): "email" | "sub" {
  const section = fields.get("challenge-claim");
  if (section === null || section.value === "") return CHALLENGE_CLAIMS[type];
  const text = section.text();
  if (text === "email" || text === "sub") return text;
  section.report("must be email or sub");
  return "sub";
}

function readOmitted(section: Section | null): Issuer["omittedExtensions"] {
  return (section?.items() ?? []).flatMap((item) => {
    const name = OMITTABLE_EXTENSIONS.get(String(item.value));
    if (name === undefined) item.report(`must be one of ${[...OMITTABLE_EXTENSIONS.keys()].join(", ")}`);
    return name === undefined ? [] : [name];
  });
}

/** Reads a JWK Set, or the text of one, as `kubectl get --raw /openid/v1/jwks` prints it. */
function readKeys(section: Section | null): Issuer["keys"] {
  if (section === null) return { kind: "discovery" };
  const { value } = section;
  const json = typeof value === "string" ? parseJson(encodeUtf8(value)) : null;
  const members = keysOf(json === null ? value : json.ok ? json.value : null) ?? [];
  if (members.length === 0) section.report("must be a JWK Set: an object with a `keys` array that is not empty");
  const keys: VerificationKey[] = [];
  for (const [i, member] of members.entries()) {
    const key = parseJwk(member);
    if (key.ok) keys.push(key.value);
    else section.at("keys", null).at(i, member).report(key.error.reason);
  }
  return { kind: "static", keySet: { keys, algorithms: ALGORITHMS } };
}
