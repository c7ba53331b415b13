// SPDX-License-Identifier: Apache-2.0
// Patterns for groups of issuers: a URL with wildcards, such as `https://oidc.eks.*.amazonaws.com/id/*`. The URL that a
// token names is fetched, so a pattern must never match a URL on a host that its author did not mean.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md (meta issuers); GHSA-59jp-pj84-45mr shows the attack.

import { err, ok, type Result } from "../result.ts";
import { type IssuerUrlError, type KeyOrigin, parseIssuerUrl } from "./issuer-url.ts";

/** A parsed pattern. */
export interface IssuerPattern {
  /** As given. */
  readonly text: string;
  readonly isLoopback: boolean;
  /** Whether the whole URL matches and is allowed for an issuer. */
  readonly matches: (url: string) => boolean;
}

/**
 * A wildcard matches these: no dot, slash, colon, question mark, number sign or at sign. In a host it matches lower
 * case only, so that one host does not have many issuers.
 */
const WILDCARD = "[-_a-zA-Z0-9]+";
const HOST_WILDCARD = "[-_a-z0-9]+";
const OUTSIDE_WILDCARD = /[^-_a-zA-Z0-9]/;
const MAX_WILDCARDS = 8;

/**
 * Parses a pattern. It must spell out the last two labels of the host, the last one if the issuers' keys are not
 * fetched, and separate wildcards by a character that they do not match, so that matching takes one pass. Fails with
 * issuer_url_invalid.
 */
export function parseIssuerPattern(text: string, keys: KeyOrigin = "fetched"): Result<IssuerPattern, IssuerUrlError> {
  const url = parseIssuerUrl(text.replaceAll("*", "x"), keys);
  if (!url.ok) return url;
  const between = text.split("*");
  if (between.length - 1 > MAX_WILDCARDS) return fail(`must not have more than ${MAX_WILDCARDS} wildcards`);
  const isApart = between.slice(1, -1).every((part) => OUTSIDE_WILDCARD.test(part));
  if (!isApart) return fail("must have a character like . or / between two wildcards");
  const [, base = "", authority = "", path = ""] = /^(https?:\/\/)([^/]*)(.*)$/.exec(text) ?? [];
  const labels = authority.split(".");
  const literal = keys === "static" ? 1 : 2;
  const isSpelledOut = labels.length > literal && !labels.slice(-literal).some((label) => label.includes("*"));
  if (authority.includes("*") && !isSpelledOut)
    return fail(`must spell out the last ${literal === 1 ? "part" : "two parts"} of its host name`);
  const expression = (part: string, wildcard: string): string => part.split("*").map(escape).join(wildcard);
  const regex = new RegExp(`^${escape(base)}${expression(authority, HOST_WILDCARD)}${expression(path, WILDCARD)}$`);
  const { isLoopback } = url.value;
  const isAllowed = (candidate: string): boolean => {
    const parsed = parseIssuerUrl(candidate, keys);
    return parsed.ok && parsed.value.isLoopback === isLoopback;
  };
  return ok({ text, isLoopback, matches: (candidate) => regex.test(candidate) && isAllowed(candidate) });
}

const escape = (literal: string): string => literal.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

const fail = (reason: string): Result<never, IssuerUrlError> => err({ code: "issuer_url_invalid", reason });
