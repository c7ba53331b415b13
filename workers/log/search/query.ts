// SPDX-License-Identifier: Apache-2.0
// The query of a search: what its parameters ask for. Pure.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { ENTRY_KINDS, TERM_NAMES, type TermName } from "../../../shared/search/parameters.ts";
import { MARK_NAMES } from "../../../shared/search/row.ts";
import type { AttributeName } from "../../../shared/search/signer.ts";
import { SPELLINGS, type Values } from "../../../shared/search/spellings.ts";
import { COSIGNER_MARKS, cosignerKey, termKey } from "../../../shared/search/terms.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Conjunction, SearchQuery, SignerCondition, SignerOption } from "./conjunction.ts";
import { parseCursor } from "./cursor.ts";

type OtherName = "kind" | "log" | "since" | "until" | "limit" | "cursor" | "format";

export interface SearchQueryError {
  readonly code: "search_query_invalid";
  /** The wrong parameter; `term` if there is none to search by. */
  readonly parameter: TermName | OtherName | "term" | "unknown" | "repeated";
}

export const MAX_LIMIT = 64;
const DEFAULT_LIMIT = 20;
const OTHER_NAMES: readonly OtherName[] = ["kind", "log", "since", "until", "limit", "cursor", "format"];
const KNOWN: ReadonlySet<string> = new Set([...TERM_NAMES, ...OTHER_NAMES]);
/** Any of these makes a question: the newest entries of a log, of a kind or of a time. */
const QUESTIONS: readonly string[] = [...TERM_NAMES, "kind", "log", "since", "until"];

const rejectInvalid = (parameter: SearchQueryError["parameter"]): Result<never, SearchQueryError> =>
  err({ code: "search_query_invalid", parameter });

/**
 * Parses the query string. Rejects unknown and repeated parameters: ignoring a filter would return more than the client
 * asked for. Fails with search_query_invalid.
 * @param all the names of all logs, oldest first
 */
export function parseSearchQuery(
  parameters: URLSearchParams,
  all: readonly string[],
): Result<SearchQuery, SearchQueryError> {
  const names = [...parameters.keys()];
  if (names.some((name) => !KNOWN.has(name))) return rejectInvalid("unknown");
  if (new Set(names).size !== names.length) return rejectInvalid("repeated");
  if (!QUESTIONS.some((name) => parameters.has(name))) return rejectInvalid("term");
  const alternatives = parseTerms(parameters);
  if (!alternatives.ok) return alternatives;
  const filters = parseFilters(parameters, all);
  if (!filters.ok) return filters;
  const limit = parseLimit(parameters.get("limit"));
  if (limit === null) return rejectInvalid("limit");
  const question = { alternatives: alternatives.value, ...filters.value };
  const cursor = parameters.get("cursor");
  const bounds = cursor === null ? null : parseCursor(cursor, question, all);
  return cursor !== null && bounds === null ? rejectInvalid("cursor") : ok({ ...question, limit, bounds });
}

const NOTHING: Conjunction = { digests: [], predicateTypes: [], marks: [], signer: [] };

/** The question for entries with all of these digests. @param digests their keys */
export const askForDigests = (digests: readonly string[]): Omit<SearchQuery, "logs" | "limit"> => ({
  alternatives: [{ ...NOTHING, digests }],
  kind: null,
  since: null,
  until: null,
  bounds: null,
});

/** The parameters whose values are the signer's, the rarest first. */
const SIGNER_NAMES = [
  "identity",
  "email",
  "workflow",
  "repository",
  "repositoryId",
  "under",
  "owner",
  "ownerId",
  "ref",
  "issuer",
  "runner",
  "visibility",
] as const satisfies readonly TermName[];

function parseTerms(parameters: URLSearchParams): Result<readonly Conjunction[], SearchQueryError> {
  const values = new Map<TermName, Values>();
  for (const name of TERM_NAMES) {
    const text = parameters.get(name);
    const parsed = text === null ? null : SPELLINGS[name](text);
    if (text !== null && parsed === null) return rejectInvalid(name);
    if (parsed !== null) values.set(name, parsed);
  }
  const signer = SIGNER_NAMES.flatMap((name) => {
    const given = values.get(name);
    return given === undefined ? [] : [given.flatMap((value) => toOptions(name, value))];
  });
  const marks = MARK_NAMES.flatMap((name) =>
    (name === "commit" ? [] : (values.get(name) ?? [])).map((value) => ({ name, key: termKey(name, value) })),
  );
  const predicateTypes = (values.get("predicateType") ?? []).map((value) => termKey("predicateType", value));
  const common = { ...NOTHING, signer, marks, predicateTypes };
  const alternatives = withCommit(withDigest([common], values.get("digest")), values.get("commit"));
  return ok([...alternatives, ...alternatives.flatMap((one) => askForCosigner(one) ?? [])]);
}

/**
 * The same question of a signer after an entry's first one, who is found by keys, names and issuers only; null for
 * others.
 */
function askForCosigner({ digests, predicateTypes, marks, signer }: Conjunction): Conjunction | null {
  const keys = [...marks.map(toCosignerMark), ...signer.map(toCosignerName)];
  const known = keys.filter((key) => key !== null);
  return keys.length === 0 || known.length < keys.length
    ? null
    : { digests: [...known, ...digests], predicateTypes, marks: [], signer: [] };
}

function toCosignerMark({ name, key }: Conjunction["marks"][number]): string | null {
  const kind = COSIGNER_MARKS.find((one) => one === name);
  return kind === undefined ? null : cosignerKey(kind, key);
}

/** An issuer, or one name in the spellings of its possible kinds. */
function toCosignerName(options: SignerCondition): string | null {
  const keys = options.map(({ attribute, value, isPrefix }) => {
    if (isPrefix || (attribute !== "name" && attribute !== "issuer")) return null;
    return cosignerKey(attribute, attribute === "name" ? value.slice(value.indexOf(":") + 1) : value);
  });
  const [key = null, ...others] = new Set(keys);
  return others.length > 0 ? null : key;
}

function withDigest(all: readonly Conjunction[], values: Values | undefined): readonly Conjunction[] {
  if (values === undefined) return all;
  return all.flatMap((one) => values.map((value) => ({ ...one, digests: [...one.digests, termKey("digest", value)] })));
}

/** The commit of a build, or one that gitsign signed: it signs the commit's ID as text. */
function withCommit(all: readonly Conjunction[], values: Values | undefined): readonly Conjunction[] {
  if (values === undefined) return all;
  const [commit] = values;
  const signed = termKey("digest", `sha256:${encodeHex(sha256(encodeUtf8(commit)))}`);
  const mark = { name: "commit", key: termKey("commit", commit) } as const;
  return all.flatMap((one) => [
    { ...one, marks: [...one.marks, mark] },
    { ...one, digests: [...one.digests, signed] },
  ]);
}

const prefix = (attribute: AttributeName, value: string): SignerOption => ({ attribute, value, isPrefix: true });

function toOptions(name: (typeof SIGNER_NAMES)[number], value: string): readonly SignerOption[] {
  const exact = (attribute: AttributeName, of = value): SignerOption => ({ attribute, value: of, isPrefix: false });
  switch (name) {
    case "identity":
    case "email":
      return [exact("name")];
    case "repository":
      return [exact("repository", `${value}/`)];
    case "owner":
      return [prefix("repository", `${value}/`)];
    case "under":
      return [prefix("repository", value.toLowerCase()), prefix("name", `uri:${value}`)];
    case "workflow":
    case "repositoryId":
    case "ownerId":
    case "issuer":
    case "runner":
    case "visibility":
      return [exact(name)];
    case "ref":
      return [value.endsWith("/") ? prefix("ref", value) : exact("ref")];
    default:
      return unreachable(name);
  }
}

type Filters = Pick<SearchQuery, "kind" | "since" | "until" | "logs">;

function parseFilters(parameters: URLSearchParams, all: readonly string[]): Result<Filters, SearchQueryError> {
  const given = parameters.get("kind");
  const kind = ENTRY_KINDS.find((one) => one === given) ?? null;
  if (given !== null && kind === null) return rejectInvalid("kind");
  const since = parseTime(parameters.get("since"));
  if (since === undefined) return rejectInvalid("since");
  const until = parseTime(parameters.get("until"), "T23:59:59.999Z");
  if (until === undefined) return rejectInvalid("until");
  const log = parameters.get("log");
  if (log !== null && !all.includes(log)) return rejectInvalid("log");
  return ok({ kind, since, until, logs: log === null ? all : [log] });
}

const DATE = /^\d{4}-\d\d-\d\d$/;

/** A date in UTC or an RFC 3339 time. Undefined if it is neither. @param clock which moment of the day a date means */
function parseTime(text: string | null, clock = "T00:00:00Z"): UnixMs | null | undefined {
  if (text === null) return null;
  const time = Date.parse(DATE.test(text) ? `${text}${clock}` : text.replaceAll(" ", "+"));
  const isWhole = DATE.test(text) || /^\d{4}-\d\d-\d\d[Tt].*(?:[Zz]|[+-]\d\d:\d\d)$/.test(text.replaceAll(" ", "+"));
  return isWhole && time >= 0 ? unixMs(time) : undefined;
}

function parseLimit(value: string | null): number | null {
  if (value === null) return DEFAULT_LIMIT;
  return /^[1-9]\d?$/.test(value) && Number(value) <= MAX_LIMIT ? Number(value) : null;
}
