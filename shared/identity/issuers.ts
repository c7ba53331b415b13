// SPDX-License-Identifier: Apache-2.0
// The issuers whose tokens are accepted, and what each type of issuer makes of a token: a table. Adding a type is adding a row.
// The setting ISSUERS speaks the vocabulary of Fulcio's configuration. Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md

import { encodeUtf8 } from "../bytes/utf8.ts";
import { parseJson } from "../json/parse.ts";
import { parseIssuerUrl } from "../oidc/issuer-url.ts";
import { ALGORITHMS, type KeySet, keysOf, parseJwk, type VerificationKey } from "../oidc/jwks.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { err, ok, type Result } from "../result.ts";
import { buildPrincipal } from "./build.ts";
import { type ClaimPath, emailPrincipal } from "./email.ts";
import { GITHUB_WORKFLOW } from "./github.ts";
import type { IdentityError, Principal } from "./principal.ts";

interface IdentityType {
  /** The claim that clients are told to sign. */
  readonly challengeClaim: ChallengeClaim;
  readonly takesIssuerClaim: boolean;
  readonly principal: (claims: VerifiedClaims, issuer: Issuer) => Result<Principal, IdentityError>;
}

const IDENTITY_TYPES = {
  email: {
    challengeClaim: "email",
    takesIssuerClaim: true,
    principal: (claims, issuer) => emailPrincipal(claims, issuer.issuerClaim),
  },
  "github-workflow": {
    challengeClaim: "sub",
    takesIssuerClaim: false,
    principal: (claims) => buildPrincipal(claims, GITHUB_WORKFLOW),
  },
} as const satisfies Record<string, IdentityType>;

type IssuerType = keyof typeof IDENTITY_TYPES;
type ChallengeClaim = "email" | "sub";

export interface Issuer {
  /** Compared with `iss` as a whole string. */
  readonly url: string;
  /** A loopback address: accepted by the development composition only. */
  readonly isLoopback: boolean;
  /** What `aud` must be or contain. */
  readonly clientId: string;
  readonly type: IssuerType;
  /** Where the federated issuer stands in the claims, null for the token's own `iss`. E-mail issuers only. */
  readonly issuerClaim: ClaimPath | null;
  readonly challengeClaim: ChallengeClaim;
  readonly keys: IssuerKeys;
}

/** `built-in`: of our own oidc room, asked directly; `static`: part of the configuration; `discovery`: fetched. */
type IssuerKeys =
  | { readonly kind: "built-in" }
  | { readonly kind: "static"; readonly keySet: KeySet }
  | { readonly kind: "discovery" };

export interface IssuersError {
  readonly code: "issuers_invalid";
  /** Each completes "ISSUERS" with a place and what is wrong there: `[1].type must be one of email, github-workflow`. */
  readonly problems: readonly string[];
}

/** The audience that every Sigstore client asks for. */
const DEFAULT_CLIENT_ID = "sigstore";

/** The issuer under our own public URL. */
export const builtInIssuer = (publicUrl: { readonly href: string; readonly isLoopback: boolean }): Issuer => ({
  url: `${publicUrl.href}/oidc`,
  isLoopback: publicUrl.isLoopback,
  clientId: DEFAULT_CLIENT_ID,
  type: "email",
  issuerClaim: null,
  challengeClaim: "email",
  keys: { kind: "built-in" },
});

const publicIssuer = (url: string, type: IssuerType, issuerClaim: ClaimPath | null = null): Issuer => ({
  url,
  isLoopback: false,
  clientId: DEFAULT_CLIENT_ID,
  type,
  issuerClaim,
  challengeClaim: IDENTITY_TYPES[type].challengeClaim,
  keys: { kind: "discovery" },
});

/** What is accepted beside the built-in issuer if nothing is configured. */
export const DEFAULT_ISSUERS: readonly Issuer[] = [
  publicIssuer("https://accounts.google.com", "email"),
  publicIssuer("https://oauth2.sigstore.dev/auth", "email", ["federated_claims", "connector_id"]),
  publicIssuer("https://token.actions.githubusercontent.com", "github-workflow"),
];

/** Who a verified token of this issuer speaks for. */
export function principalOf(issuer: Issuer, claims: VerifiedClaims): Result<Principal, IdentityError> {
  const type: IdentityType = IDENTITY_TYPES[issuer.type];
  return type.principal(claims, issuer);
}

/** More than the public instance has. */
const MAX_ISSUERS = 100;
const ROW_MEMBERS = ["issuer-url", "client-id", "type", "issuer-claim", "challenge-claim", "jwks"];
const CLAIM_PATH = /^\$(?:\.[A-Za-z0-9_-]+)+$/;

/**
 * Parses ISSUERS: a JSON array of objects with `issuer-url`, `type`, and optionally `client-id` (sigstore), `issuer-claim`,
 * `challenge-claim` and `jwks` (a JWK Set, for an issuer that cannot be reached). Reports every problem, each with its place.
 * @param taken URLs that no row may have: the built-in issuer's.
 */
export function parseIssuers(text: string, taken: readonly string[]): Result<readonly Issuer[], IssuersError> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok) return invalid([`is not JSON (${json.error.code})`]);
  if (!Array.isArray(json.value)) return invalid(["must be a JSON array of issuers"]);
  if (json.value.length > MAX_ISSUERS) return invalid([`must not have more than ${MAX_ISSUERS} issuers`]);
  const problems: string[] = [];
  const urls = new Set(taken);
  const issuers = json.value.flatMap((row: unknown, i) => {
    const report = (problem: string): void => void problems.push(`[${i}]${problem}`);
    const issuer = parseRow(row, report);
    if (issuer === null) return [];
    if (urls.has(issuer.url)) report(".issuer-url stands there twice or is the built-in issuer");
    if (issuer.url !== "") urls.add(issuer.url);
    return [issuer];
  });
  return problems.length === 0 ? ok(issuers) : invalid(problems);
}

const invalid = (problems: readonly string[]): Result<never, IssuersError> =>
  err({ code: "issuers_invalid", problems });

type Row = Readonly<Record<string, unknown>>;
type Report = (problem: string) => void;

/** Reads a row as far as possible; it counts only if nothing was reported. */
function parseRow(value: unknown, report: Report): Issuer | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    report(" must be a JSON object");
    return null;
  }
  const row = value as Row;
  for (const name of Object.keys(row)) {
    if (!ROW_MEMBERS.includes(name)) report(`.${name} is not known; known are ${ROW_MEMBERS.join(", ")}`);
  }
  const type = readType(row, report);
  return {
    ...readUrl(row, report),
    clientId: readText(row, "client-id", report) ?? DEFAULT_CLIENT_ID,
    type,
    issuerClaim: readIssuerClaim(row, type, report),
    challengeClaim: readChallengeClaim(row, type, report),
    keys: readKeys(row, report),
  };
}

function readText(row: Row, name: string, report: Report): string | null {
  const value = row[name];
  if (value === undefined) return null;
  if (typeof value === "string" && value !== "") return value;
  report(`.${name} must be a string that is not empty`);
  return null;
}

function readUrl(row: Row, report: Report): Pick<Issuer, "url" | "isLoopback"> {
  const text = readText(row, "issuer-url", report);
  if (row["issuer-url"] === undefined) report(".issuer-url is missing");
  const url = text === null ? null : parseIssuerUrl(text);
  if (url !== null && !url.ok) report(`.issuer-url ${url.error.reason}`);
  return { url: text ?? "", isLoopback: url?.ok === true && url.value.isLoopback };
}

function readType(row: Row, report: Report): IssuerType {
  const type = (Object.keys(IDENTITY_TYPES) as IssuerType[]).find((known) => known === row["type"]);
  if (type === undefined) report(`.type must be one of ${Object.keys(IDENTITY_TYPES).join(", ")}`);
  return type ?? "email";
}

function readIssuerClaim(row: Row, type: IssuerType, report: Report): ClaimPath | null {
  const text = readText(row, "issuer-claim", report);
  if (text === null) return null;
  if (!IDENTITY_TYPES[type].takesIssuerClaim) report(`.issuer-claim is not for issuers of type ${type}`);
  if (!CLAIM_PATH.test(text)) report(".issuer-claim must be a path like $.federated_claims.connector_id");
  return text.slice(2).split(".");
}

function readChallengeClaim(row: Row, type: IssuerType, report: Report): ChallengeClaim {
  const text = readText(row, "challenge-claim", report) ?? IDENTITY_TYPES[type].challengeClaim;
  if (text === "email" || text === "sub") return text;
  report(".challenge-claim must be email or sub");
  return "sub";
}

function readKeys(row: Row, report: Report): IssuerKeys {
  if (row["jwks"] === undefined) return { kind: "discovery" };
  const members = keysOf(row["jwks"]) ?? [];
  if (members.length === 0) report(".jwks must be a JWK Set: an object with a `keys` array that is not empty");
  const keys: VerificationKey[] = [];
  for (const [i, member] of members.entries()) {
    const key = parseJwk(member);
    if (key.ok) keys.push(key.value);
    else report(`.jwks.keys[${i}] ${key.error.reason}`);
  }
  return { kind: "static", keySet: { keys, algorithms: ALGORITHMS } };
}
