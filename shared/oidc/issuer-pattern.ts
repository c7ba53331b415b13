// SPDX-License-Identifier: Apache-2.0
// Issuers that are many: one URL with wildcards, `https://oidc.eks.*.amazonaws.com/id/*`. What a token names is fetched, so a
// pattern must never match a URL on a host that its author did not mean.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md (meta issuers); GHSA-59jp-pj84-45mr is what goes wrong.

import { err, ok, type Result } from "../result.ts";
import { type IssuerUrlError, parseIssuerUrl } from "./issuer-url.ts";

export interface IssuerPattern {
  /** As given. */
  readonly text: string;
  readonly isLoopback: boolean;
  /** Whether the whole URL fits, and is one that an issuer may have. */
  readonly matches: (url: string) => boolean;
}

/** What a wildcard stands for: no dot, slash, colon, question mark, number sign or at sign. */
const WILDCARD = "[-_a-zA-Z0-9]+";
const OUTSIDE_WILDCARD = /[^-_a-zA-Z0-9]/;
const MAX_WILDCARDS = 8;

/**
 * Parses a pattern. The last two labels of the host must be spelt out, wildcards must be apart from one another by a character
 * that they cannot stand for (so that matching takes one pass). Fails with issuer_url_invalid.
 */
export function parseIssuerPattern(text: string): Result<IssuerPattern, IssuerUrlError> {
  const url = parseIssuerUrl(text.replaceAll("*", "x"));
  if (!url.ok) return url;
  const between = text.split("*");
  if (between.length - 1 > MAX_WILDCARDS) return fail(`must not have more than ${MAX_WILDCARDS} wildcards`);
  const isApart = between.slice(1, -1).every((part) => OUTSIDE_WILDCARD.test(part));
  if (!isApart) return fail("must have a character like . or / between two wildcards");
  const [, authority = ""] = /^https?:\/\/([^/]*)/.exec(text) ?? [];
  const fixed = authority.split(".").slice(-2);
  if (
    authority.includes("*") &&
    (fixed.length < 2 || fixed.some((label) => label.includes("*")) || authority.split(".").length < 3)
  ) {
    return fail("must spell out the last two parts of its host name");
  }
  const regex = new RegExp(`^${between.map(escape).join(WILDCARD)}$`);
  return ok({
    text,
    isLoopback: url.value.isLoopback,
    matches: (candidate) => regex.test(candidate) && parseIssuerUrl(candidate).ok,
  });
}

const escape = (literal: string): string => literal.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

const fail = (reason: string): Result<never, IssuerUrlError> => err({ code: "issuer_url_invalid", reason });
