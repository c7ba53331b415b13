// SPDX-License-Identifier: Apache-2.0
// Parses an issuers file in the format of Fulcio's config.yaml (YAML, which includes JSON), checks all of it, and
// shortens it to the JSON that the Worker reads. The Worker parses no YAML: a request has 10 ms of CPU time there,
// and the YAML library needs 50 for the public file, which also exceeds the 5 KB of a setting.

import { readConfiguration } from "../../shared/identity/configuration/configuration.ts";
import { readProviders } from "../../shared/identity/configuration/providers.ts";
import { Section } from "../../shared/identity/configuration/section.ts";
import { DEFAULT_AUDIENCE, type Issuer } from "../../shared/identity/issuers.ts";
import { PROVIDERS } from "../../shared/identity/providers.ts";
import { PUBLIC_ISSUERS, PUBLIC_ISSUERS_WORD } from "../../shared/identity/public-issuers.ts";
import { isObject, type JsonObject } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { readYaml } from "./yaml-file.ts";

/** A valid issuers file. */
export interface IssuersFile {
  readonly issuers: readonly Issuer[];
  /** The setting of the Worker: the same issuers in few characters. */
  readonly setting: string;
}

/** The choice of the rows of a file that count. */
export interface Environment {
  /** Keeps only issuers whose row names this environment or none. Null refuses rows that name one. */
  readonly environment: string | null;
  /** The place where an operator sets an environment. */
  readonly setting?: string;
}

/**
 * Parses the text of a file. Fails with a line for each problem: `line 12: oidc-issuers["https://a.example"].type
 * must be …`.
 */
export function readIssuersFile(
  text: string,
  { environment, setting = "--environment" }: Environment = { environment: null },
): Result<IssuersFile, readonly string[]> {
  const yaml = readYaml(withSeparatedAliases(text));
  if (!yaml.ok) return yaml;
  const { value } = yaml.value;
  if (value === PUBLIC_ISSUERS_WORD) return ok({ issuers: PUBLIC_ISSUERS, setting: PUBLIC_ISSUERS_WORD });
  const kept = environment === null ? value : keepEnvironment(value, environment);
  const issuers = readConfiguration(kept, []);
  const choice = environmentProblem(value, kept, { environment, setting });
  if (issuers.ok && choice !== null) return err([choice]);
  if (issuers.ok) return ok({ issuers: issuers.value, setting: JSON.stringify(shorten(kept)) });
  return err(issuers.error.problems.map(yaml.value.describe));
}

/**
 * Separates an alias that is a key, `*name:`, from its colon. Fulcio's parser reads the alias `name`, and its public
 * configuration relies on that; YAML 1.2 reads the alias `name:`. Line numbers stay the same.
 */
export function withSeparatedAliases(text: string): string {
  return text.replace(/^([ \t]*)\*([A-Za-z0-9_-]+):(?=[ \t\r]*$)/gm, "$1*$2 :");
}

const ISSUER_SECTIONS = new Set(["oidc-issuers", "OIDCIssuers", "meta-issuers", "MetaIssuers"]);
const METADATA_SECTIONS = new Set(["ci-issuer-metadata", "CIIssuerMetadata"]);

function mapRows(value: unknown, map: (rows: JsonObject) => JsonObject): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, rows]) => [name, ISSUER_SECTIONS.has(name) && isObject(rows) ? map(rows) : rows]),
  );
}

/** The environment that a row names, null for none. */
function environmentOf(row: unknown): unknown {
  const named = isObject(row) ? (row["environment"] ?? row["Environment"]) : null;
  return named === "" || named === undefined ? null : named;
}

const rowsOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, rows]) =>
    ISSUER_SECTIONS.has(name) && isObject(rows) ? Object.values(rows) : [],
  );
};

/** The environments that rows name, each once. */
const environmentsOf = (value: unknown): readonly unknown[] => [
  ...new Set(
    rowsOf(value)
      .map(environmentOf)
      .filter((named) => named !== null),
  ),
];

/** Describes a wrong choice of an environment; null if the choice is right. */
function environmentProblem(
  value: unknown,
  kept: unknown,
  { environment, setting }: Required<Environment>,
): string | null {
  const names = environmentsOf(value).map((name) => JSON.stringify(name));
  if (environment === null) {
    // To keep all would admit the issuers of a test environment into production.
    return names.length === 0
      ? null
      : `has issuers of the environment ${names.join(" and ")}; choose one with ${setting}`;
  }
  if (rowsOf(kept).length > 0 || rowsOf(value).length === 0) return null;
  return `has no issuer of the environment ${JSON.stringify(environment)}, only of ${names.join(" and ")}`;
}

/** Removes the issuers that name another environment. */
function keepEnvironment(value: unknown, environment: string): unknown {
  const isInEnvironment = (row: unknown): boolean => {
    const named = environmentOf(row);
    return named === null || named === environment;
  };
  if (Array.isArray(value)) return value.filter(isInEnvironment);
  return mapRows(value, (rows) => Object.fromEntries(Object.entries(rows).filter(([, row]) => isInEnvironment(row))));
}

/** Members for people only, which the Worker does not need. */
const FOR_PEOPLE = new Set(["description", "contact", "environment", "Description", "Contact", "Environment"]);

function shorten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((row) => (isObject(row) ? shortenRow(row, "") : row));
  const rows = mapRows(value, (section) =>
    Object.fromEntries(Object.entries(section).map(([url, row]) => [url, isObject(row) ? shortenRow(row, url) : row])),
  );
  if (!isObject(rows)) return rows;
  const used = new Set(JSON.stringify(rows).match(/"(?:ci-provider|CIProvider)":"[^"]*"/g) ?? []);
  const sections = Object.entries(rows).flatMap(([name, section]): [string, unknown][] => {
    if (name === "define") return [];
    return METADATA_SECTIONS.has(name) && isObject(section)
      ? [[name, shortenMetadata(section, used)]]
      : [[name, section]];
  });
  return Object.fromEntries(sections);
}

function shortenRow(row: JsonObject, url: string): JsonObject {
  const isNeeded = ([name, value]: [string, unknown]): boolean =>
    !FOR_PEOPLE.has(name) &&
    !(name === "issuer-url" && value === url) &&
    !(name === "client-id" && value === DEFAULT_AUDIENCE && row["client-ids"] === undefined);
  return Object.fromEntries(Object.entries(row).filter(isNeeded));
}

/** Removes providers that no issuer uses, and those that equal the built-in provider of their name. */
function shortenMetadata(section: JsonObject, used: ReadonlySet<string>): JsonObject {
  const isNeeded = (name: string, row: unknown): boolean => {
    const isUsed = [...used].some((member) => member.endsWith(`:${JSON.stringify(name)}`));
    const own = readProviders(new Section({ [name]: row }, [], [])).get(name);
    return isUsed && JSON.stringify(own) !== JSON.stringify(PROVIDERS.get(name));
  };
  return Object.fromEntries(Object.entries(section).filter(([name, row]) => isNeeded(name, row)));
}
