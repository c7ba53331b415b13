// SPDX-License-Identifier: Apache-2.0
// The query of a search: its parameters, and the cursor of the next page. Pure.

import { sha256 } from "#sha256";
import { decodeProtoBase64, encodeBase64 } from "../../../shared/bytes/base64.ts";
import { concat, equal } from "../../../shared/bytes/bytes.ts";
import { decodeBytes } from "../../../shared/bytes/reader.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { uint } from "../../../shared/bytes/writer.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { SPELLINGS, type Values } from "../../../shared/search/spellings.ts";
import { digestTerm, keyTerm, TERMS_VERSION } from "../../../shared/search/terms.ts";

/** Log name → upper bound of the entry indexes (exclusive), in the order of the logs. */
export type Bounds = ReadonlyMap<string, number>;

export interface SearchQuery {
  /** An entry has at least one of them; empty for entries of an issuer, whatever their terms. */
  readonly terms: Values | readonly [];
  /** The OpenID issuer that vouched for the signer; null for any, and for keys without a certificate. */
  readonly issuer: string | null;
  /** Names of the logs to search: all of them, or the one in `log`. */
  readonly logs: readonly string[];
  readonly limit: number;
  /** From the cursor; null on the first page. */
  readonly bounds: Bounds | null;
}

export interface SearchQueryError {
  readonly code: "search_query_invalid";
  /** The wrong parameter; `term` if there is none to search by, or more than one. */
  readonly parameter: TermName | "term" | "unknown" | "repeated" | "issuer" | "log" | "limit" | "cursor";
}

export const MAX_LIMIT = 64;
const DEFAULT_LIMIT = 20;

const rejectInvalid = (parameter: SearchQueryError["parameter"]): Result<never, SearchQueryError> =>
  err({ code: "search_query_invalid", parameter });

/** Parameter → the terms that its value names, null if it names nothing. */
const TERMS = {
  digest: (value) => mapValues(SPELLINGS.digest(value), digestTerm),
  identity: SPELLINGS.identity,
  email: SPELLINGS.email,
  publicKey: (value) => mapValues(SPELLINGS.publicKey(value), keyTerm),
} as const satisfies Readonly<Record<string, (value: string) => Values | null>>;

function mapValues(values: Values | null, toTerm: (value: string) => string): Values | null {
  if (values === null) return null;
  const [first, ...more] = values;
  return [toTerm(first), ...more.map(toTerm)];
}

type TermName = keyof typeof TERMS;
const TERM_NAMES = Object.keys(TERMS) as readonly TermName[];
const KNOWN: ReadonlySet<string> = new Set([...TERM_NAMES, "issuer", "log", "limit", "cursor"]);

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
  const terms = parseTerms(parameters);
  if (!terms.ok) return terms;
  const issuer = parameters.get("issuer");
  if (issuer !== null && SPELLINGS.issuer(issuer) === null) return rejectInvalid("issuer");
  const question = { terms: terms.value, issuer };
  const logs = parseLogs(parameters.get("log"), all);
  if (logs === null) return rejectInvalid("log");
  const limit = parseLimit(parameters.get("limit"));
  if (limit === null) return rejectInvalid("limit");
  const cursor = parameters.get("cursor");
  const bounds = cursor === null ? null : parseCursor(cursor, { ...question, logs }, all);
  return cursor !== null && bounds === null ? rejectInvalid("cursor") : ok({ ...question, logs, limit, bounds });
}

/** One parameter that names terms, or none if the issuer alone is searched for. */
function parseTerms(parameters: URLSearchParams): Result<SearchQuery["terms"], SearchQueryError> {
  const [name, ...more] = TERM_NAMES.filter((known) => parameters.has(known));
  if (more.length > 0) return rejectInvalid("term");
  if (name === undefined) return parameters.has("issuer") ? ok([]) : rejectInvalid("term");
  const terms = TERMS[name](parameters.get(name) ?? "");
  return terms === null ? rejectInvalid(name) : ok(terms);
}

function parseLogs(value: string | null, all: readonly string[]): readonly string[] | null {
  if (value === null) return all;
  return all.includes(value) ? [value] : null;
}

function parseLimit(value: string | null): number | null {
  if (value === null) return DEFAULT_LIMIT;
  return /^[1-9]\d?$/.test(value) && Number(value) <= MAX_LIMIT ? Number(value) : null;
}

/** The part of a query that a cursor is bound to. With another query it would silently skip hits. */
type Question = Pick<SearchQuery, "terms" | "issuer" | "logs">;

const VERSION = Uint8Array.of(1);
const TAG_BYTES = 8;
/** An index is below 2^53. */
const BOUND_BYTES = 7;

// struct { uint8 version; opaque question[8]; uint56 bounds[number of logs]; } in unpadded base64url
export function formatCursor(question: Question, bounds: Bounds, all: readonly string[]): string {
  const ends = all.map((log) => uint(bounds.get(log) ?? 0, BOUND_BYTES));
  const bytes = concat(VERSION, tagOf(question, all), ...ends);
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Null for everything that formatCursor does not print for this question. */
function parseCursor(cursor: string, question: Question, all: readonly string[]): Bounds | null {
  const bytes = decodeProtoBase64(cursor);
  if (!bytes.ok) return null;
  const decoded = decodeBytes(bytes.value, (reader) => {
    const isOurs = equal(reader.bytes(1 + TAG_BYTES), concat(VERSION, tagOf(question, all)));
    const bounds: Bounds = new Map(all.map((log) => [log, reader.uint(BOUND_BYTES)]));
    return isOurs ? bounds : null;
  });
  const bounds = decoded.ok ? decoded.value : null;
  return bounds !== null && formatCursor(question, bounds, all) === cursor ? bounds : null;
}

/** Covers the list of logs too, because the bounds are in its order. */
function tagOf({ terms, issuer, logs }: Question, all: readonly string[]): Uint8Array {
  return sha256(encodeUtf8(JSON.stringify([TERMS_VERSION, terms, issuer, logs, all]))).subarray(0, TAG_BYTES);
}
