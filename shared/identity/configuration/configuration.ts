// SPDX-License-Identifier: Apache-2.0
// Reads the configuration of issuers in the vocabulary of Fulcio's config.yaml, as the JSON value that YAML and JSON
// share: `oidc-issuers`, `meta-issuers` and `ci-issuer-metadata`, or a bare list of issuers. Reports every problem.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md;
// https://github.com/sigstore/fulcio/blob/main/pkg/config/config.go

import { encodeUtf8 } from "../../bytes/utf8.ts";
import { parseJson } from "../../json/parse.ts";
import { err, ok, type Result } from "../../result.ts";
import type { Issuer } from "../issuers.ts";
import { PROVIDERS } from "../providers.ts";
import { readIssuer } from "./issuer.ts";
import { readProviders } from "./providers.ts";
import { describeProblem, type Problem, Section } from "./section.ts";

/** The configuration is invalid; reports every problem. */
export interface ConfigurationError {
  readonly code: "issuers_invalid";
  readonly problems: readonly Problem[];
}

/** Four times as many as the public instance has. */
const MAX_ISSUERS = 100;
/**
 * The public configuration keeps its YAML anchors in `define`, whose contents count only where they are referred to.
 */
const MEMBERS = ["oidc-issuers", "meta-issuers", "ci-issuer-metadata", "define"];

/**
 * Reads a configuration. Fails with issuers_invalid.
 * @param taken URLs that no issuer may have: the built-in issuer's.
 */
export function readConfiguration(
  value: unknown,
  taken: readonly string[],
): Result<readonly Issuer[], ConfigurationError> {
  const problems: Problem[] = [];
  const root = new Section(value, [], problems);
  const rows = Array.isArray(value) ? readList(root) : readObject(root);
  const issuers = rows.flatMap(({ issuer }) => (issuer === null ? [] : [issuer]));
  if (issuers.length > MAX_ISSUERS) root.report(`must not have more than ${MAX_ISSUERS} issuers`);
  else reportRepeated(rows, taken);
  return problems.length === 0 ? ok(issuers) : err({ code: "issuers_invalid", problems });
}

/** Parses the setting ISSUERS. The problems complete "ISSUERS". */
export function parseIssuers(text: string, taken: readonly string[]): Result<readonly Issuer[], readonly string[]> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok) return err([`is not JSON (${json.error.code})`]);
  const issuers = readConfiguration(json.value, taken);
  return issuers.ok ? issuers : err(issuers.error.problems.map(describeProblem));
}

interface Row {
  readonly section: Section;
  readonly issuer: Issuer | null;
}

function readList(root: Section): readonly Row[] {
  const items = root.items();
  // A list that is far too long is not read to its end.
  return items.slice(0, MAX_ISSUERS + 1).map((section) => {
    const issuer = readIssuer(section, { key: null, kind: "either", providers: PROVIDERS });
    return { section: section.at("issuer-url", null), issuer };
  });
}

function readObject(root: Section): readonly Row[] {
  if (typeof root.value !== "object" || root.value === null) {
    root.report("must be an object with oidc-issuers, or a list of issuers");
    return [];
  }
  const fields = root.fields(MEMBERS);
  const providers = readProviders(fields.get("ci-issuer-metadata"));
  const read = (name: string, kind: "issuer" | "meta"): readonly Row[] =>
    (fields.get(name)?.entries() ?? [])
      .slice(0, MAX_ISSUERS + 1)
      .map(([key, section]) => ({ section, issuer: readIssuer(section, { key, kind, providers }) }));
  return [...read("oidc-issuers", "issuer"), ...read("meta-issuers", "meta")];
}

function reportRepeated(rows: readonly Row[], taken: readonly string[]): void {
  const urls = new Set(taken);
  for (const { section, issuer } of rows) {
    if (issuer === null || issuer.url === "") continue;
    if (urls.has(issuer.url)) section.report("appears twice or is the built-in issuer");
    urls.add(issuer.url);
  }
}
