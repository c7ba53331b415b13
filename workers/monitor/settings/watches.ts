// SPDX-License-Identifier: Apache-2.0
// Parses WATCHES: what the teams of a deployment watch, and how each is told. A row that could never match is an error:
// whoever relies on it would be told nothing, forever.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { describeProblem, type Fields, type Problem, Section } from "../../../shared/identity/configuration/section.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { parseCertificateText, parsePublicKeyText } from "../../../shared/search/fingerprints.ts";
import { addressName, toIssuer, toPage } from "../../../shared/search/signer.ts";
import { ATTRIBUTES, type Attribute, type Term, toTerm, toWorkflow } from "../watching/terms.ts";
import { EXPECTED_NAMES, type Expected, type Watch } from "../watching/watch.ts";
import { readTell, TELL_MEMBERS, type Tell } from "./tell.ts";

/** A row of WATCHES. Its channel still lacks its secret. */
export interface WatchRow extends Pick<Watch, "id" | "conditions" | "expected"> {
  readonly tell: Tell;
}

const MAX_ROWS = 256;
const MAX_VALUES = 64;
const MAX_VALUE_CHARS = 2048;
const ID = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const MEMBERS: readonly string[] = ["id", ...ATTRIBUTES, "expected", "tell"];
const GITHUB_ACTIONS = toTerm("issuer", "https://token.actions.githubusercontent.com");

/** Parses the setting. The error completes "WATCHES …". */
export function parseWatches(text: string): Result<readonly WatchRow[], string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !Array.isArray(json.value)) return err("must be a JSON list of watches");
  const problems: Problem[] = [];
  const root = new Section(json.value, [], problems);
  const sections = root.items();
  if (sections.length > MAX_ROWS) root.report(`must not have more than ${MAX_ROWS} rows`);
  const rows = sections.slice(0, MAX_ROWS).flatMap((section) => readRow(section) ?? []);
  const ids = rows.map(({ id }) => id);
  for (const id of new Set(ids)) if (ids.indexOf(id) !== ids.lastIndexOf(id)) root.report(`has the id ${id} twice`);
  return problems.length === 0 ? ok(rows) : err(problems.map(describeProblem).join("; "));
}

function readRow(section: Section): WatchRow | null {
  const fields = section.fields(MEMBERS);
  const id = fields.text("id") ?? "";
  if (!ID.test(id)) fields.report("id", "must be 1 to 32 characters of a-z, 0-9 and -");
  const conditions = ATTRIBUTES.map((attribute) => readCondition(fields, attribute)).filter(
    (terms) => terms.length > 0,
  );
  if (conditions.length === 0) section.report(`must name what it is about: ${ATTRIBUTES.join(", ")}`);
  if (isImpossible(conditions))
    section.report("never matches: GitHub Actions signs as a workflow, never as an e-mail address");
  const expected = readExpected(fields.get("expected"));
  const told = fields.get("tell");
  if (told === null) fields.report("tell", `is missing: say how to tell you, {${TELL_MEMBERS.join(" | ")}}`);
  const tell = told === null ? null : readTell(told);
  return tell === null ? null : { id, conditions, expected, tell };
}

/** The values of a member: a text, or a list of texts of which one must match. */
function listTexts(section: Section): readonly string[] {
  const items = Array.isArray(section.value) ? section.items() : [section];
  if (items.length === 0 || items.length > MAX_VALUES) section.report(`must have 1 to ${MAX_VALUES} values`);
  return items.slice(0, MAX_VALUES).flatMap((item) => {
    const text = item.text();
    if (text !== null && text.length > MAX_VALUE_CHARS) item.report(`must have at most ${MAX_VALUE_CHARS} characters`);
    return text === null ? [] : [text];
  });
}

function readCondition(fields: Fields, attribute: Attribute): readonly Term[] {
  const section = fields.get(attribute);
  if (section === null) return [];
  return listTexts(section).flatMap((text) => {
    const values = READERS[attribute].read(text);
    if (values.length === 0) section.report(READERS[attribute].problem);
    return values.map((value) => toTerm(attribute, value));
  });
}

interface ValueReader {
  /** The values as they are indexed; none for a text that is no value. */
  readonly read: (text: string) => readonly string[];
  readonly problem: string;
}

const FINGERPRINT = "must be a SHA-256 in hex, or PEM";
const PAGE: ValueReader = {
  read: (text) => (/^https?:\/\/[^/]+\/./.test(text) ? [toPage(text)] : []),
  problem: "must be a URL, such as https://github.com/example-org/widget",
};
const NUMBER: ValueReader = {
  read: (text) => (/^[\w-]{1,64}$/.test(text) ? [text] : []),
  problem: "must be the forge's number of it, as a string",
};
const listIfFound = (value: string | null): readonly string[] => (value === null ? [] : [value]);

const READERS: Readonly<Record<Attribute, ValueReader>> = {
  certificate: { read: (text) => listIfFound(parseCertificateText(text)), problem: FINGERPRINT },
  publicKey: { read: (text) => listIfFound(parsePublicKeyText(text)), problem: FINGERPRINT },
  digest: {
    read: (text) => listIfFound(toDigest(text)),
    problem: "must be a digest: sha256:<hex>, sha384:<hex> or sha512:<hex>",
  },
  // A certificate says which of them a name is; a person need not.
  name: {
    read: (text) => (/\s/.test(text) ? [] : [addressName(text), `uri:${text}`, `username:${text}`]),
    problem: "must be a whole name as it is in certificates, without blanks",
  },
  workflow: { ...PAGE, read: (text) => (PAGE.read(text).length === 0 ? [] : [toWorkflow(text)]) },
  repositoryId: NUMBER,
  repository: PAGE,
  ownerId: NUMBER,
  owner: PAGE,
  issuer: {
    read: (text) => (/^https?:\/\/./.test(text) ? [toIssuer(text)] : []),
    problem: "must be the URL of an OpenID Connect issuer",
  },
};

const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);

function toDigest(text: string): string | null {
  const [, algorithm = "sha256", hex = ""] = /^(?:(sha256|sha384|sha512):)?([0-9a-f]+)$/.exec(text.toLowerCase()) ?? [];
  return hex.length === HEX_LENGTHS.get(algorithm) ? `${algorithm}:${hex}` : null;
}

/** Each name yields three terms; an address has an @ before any slash. */
const isAddress = (term: Term): boolean => /^name [a-z]+:[^/@\s]+@[^/@\s]+$/.test(term);

function isImpossible(conditions: readonly (readonly Term[])[]): boolean {
  const isOnly = (attribute: Attribute, holds: (term: Term) => boolean): boolean =>
    conditions.some(([first, ...rest]) => {
      const terms = first === undefined ? [] : [first, ...rest];
      return terms.length > 0 && terms.every((term) => term.startsWith(`${attribute} `) && holds(term));
    });
  return isOnly("name", isAddress) && isOnly("issuer", (term) => term === GITHUB_ACTIONS);
}

function readExpected(section: Section | null): Expected | null {
  if (section === null) return null;
  const fields = section.fields(EXPECTED_NAMES);
  const read = EXPECTED_NAMES.flatMap((name) => {
    const values = fields.get(name);
    return values === null ? [] : [[name, listTexts(values)] as const];
  });
  if (read.length === 0) section.report(`must name what is expected: ${EXPECTED_NAMES.join(", ")}`);
  return Object.fromEntries(read);
}
