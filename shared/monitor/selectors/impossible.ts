// SPDX-License-Identifier: Apache-2.0
// Finds conditions that no entry can meet together, so that the selector would stay silent forever.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md (which issuer states which kind of name)

import { PUBLIC_ISSUERS } from "../../identity/public-issuers.ts";
import { toIssuer } from "../../search/signer.ts";
import type { Condition } from "./config.ts";
import type { TextPattern } from "./pattern.ts";

/** The kinds of names that issuers state. */
type NameKind = "address" | "uri";

/** Issuers in certificates → the kind of name beside them. Those that only sign people in are never in one. */
const KINDS: ReadonlyMap<string, NameKind> = new Map([
  ...PUBLIC_ISSUERS.flatMap(({ url, identity }): [string, NameKind][] => {
    if (identity.type === "email") return identity.issuerClaim === null ? [[toIssuer(url), "address"]] : [];
    return [[toIssuer(url), "uri"]];
  }),
  // The providers behind the public instance's sign-in page.
  ["https://github.com/login/oauth", "address"],
  ["https://login.microsoftonline.com", "address"],
]);

/** Sign-in services whose certificates name the provider behind them. */
const FRONTS: ReadonlySet<string> = new Set(
  PUBLIC_ISSUERS.flatMap(({ url, identity }) =>
    identity.type === "email" && identity.issuerClaim !== null ? [toIssuer(url)] : [],
  ),
);

/** Why no entry can meet all conditions; null if one may. */
export function findImpossiblePair(conditions: readonly Condition[]): string | null {
  return (
    findFront(conditions) ?? findWrongIssuer(conditions) ?? findMissingRef(conditions) ?? findWrongKind(conditions)
  );
}

const patternsOf = (conditions: readonly Condition[], name: string): readonly TextPattern[] =>
  conditions.filter((condition) => condition.name === name).flatMap(({ choices }) => choices.map((one) => one.pattern));

/** The issuers that a pattern certainly means: an exact text, or an expression that is one with escaped dots. */
function issuerText(pattern: TextPattern): string {
  const text =
    pattern.kind === "regex" ? pattern.text.replace(/^\^|\$$/g, "").replace(/\\([./-])/g, "$1") : pattern.text;
  return toIssuer(text);
}

function findFront(conditions: readonly Condition[]): string | null {
  const issuers = patternsOf(conditions, "issuer").map(issuerText);
  const front = issuers.find((issuer) => FRONTS.has(issuer));
  if (front === undefined || issuers.some((issuer) => !FRONTS.has(issuer))) return null;
  return `no certificate names ${front}: it names the provider behind it, https://accounts.google.com or https://github.com/login/oauth`;
}

function findWrongIssuer(conditions: readonly Condition[]): string | null {
  const names = patternsOf(conditions, "identity").map(nameKindOf);
  const issuers = patternsOf(conditions, "issuer").map(issuerText);
  const kinds = issuers.map((issuer) => KINDS.get(issuer));
  const [name] = names;
  if (name === undefined || name === null || names.some((other) => other !== name)) return null;
  if (kinds.length === 0 || kinds.some((kind) => kind === undefined || kind === name)) return null;
  return name === "address"
    ? `${issuers.join(", ")} states URIs of workflows, never an e-mail address: nothing can match. Write the workflow's URI, or the provider at which the person signs in`
    : `${issuers.join(", ")} states e-mail addresses, never a URI: nothing can match. For GitHub's workflows, write https://token.actions.githubusercontent.com`;
}

/** The kind of name that a pattern can fit; null if it may be either. */
function nameKindOf({ kind, text }: TextPattern): NameKind | null {
  const plain = kind === "regex" ? text.replace(/^\^/, "").replace(/\\([./@-])/g, "$1") : text;
  if (/^https?:\/\//.test(plain)) return "uri";
  return /^[^/]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\$?$/.test(plain) ? "address" : null;
}

const isRefless = ({ kind, text }: TextPattern): boolean =>
  kind === "exact" && /^https:\/\/github\.com\/[^@]+\/\.github\/workflows\/[^@]+$/.test(text);

/** Names of workflows end with a ref. */
function findMissingRef(conditions: readonly Condition[]): string | null {
  const patterns = patternsOf(conditions, "identity");
  const [first] = patterns;
  return first !== undefined && patterns.every(isRefless)
    ? `the name of a workflow ends with @ and its ref: write ${first.text}@refs/heads/main, or ${first.text}@**`
    : null;
}

/** The kinds of entries that have a digest. */
const SIGNED: ReadonlySet<string> = new Set(["signature", "attestation"]);

/** A certificate's entry has no digest, and a signature no predicate type. */
function findWrongKind(conditions: readonly Condition[]): string | null {
  const kinds = patternsOf(conditions, "kind").map(({ text }) => text);
  const has = (name: string): boolean => patternsOf(conditions, name).length > 0;
  if (kinds.length === 0) return null;
  if (has("digest") && kinds.every((kind) => !SIGNED.has(kind))) {
    return "an entry of a certificate log has no digest: nothing can match. Remove kind, or the digest";
  }
  if (has("predicate-type") && !kinds.includes("attestation")) {
    return "only an attestation has a predicate type: nothing can match. Write kind: attestation";
  }
  return null;
}
