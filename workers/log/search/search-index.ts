// SPDX-License-Identifier: Apache-2.0
// Reads the search index. D1 is a cache of the logs: an answer says how far each log is indexed, and a failure affects
// search only. A page takes at most five batches: how far the logs are indexed and which signers are meant; the rows of
// each look; signers and predicates that must be looked up; the fields of the hits. Tables: migrations/.

import { err, ok, type Result } from "../../../shared/result.ts";
import type { SignerFields } from "../../../shared/search/answer.ts";
import { BLOCK_ENTRIES, INDEXED_SIZE, LOG_IDS } from "../../../shared/search/index-writes.ts";
import type { EntryKind } from "../../../shared/search/parameters.ts";
import { PREDICATE_TYPES } from "../../../shared/search/predicate-types.ts";
import { decodeSigner, toFields } from "../../../shared/search/signer.ts";
import { termKey } from "../../../shared/search/terms.ts";
import { decodeWatermark } from "../../../shared/search/watermark.ts";
import { decodeColumn, integer, type Row, text, textOrNull } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { Bounds, Conjunction, SearchQuery } from "./conjunction.ts";
import { takeFirstPage } from "./page.ts";
import { kindOf } from "./records.ts";
import {
  decodeLook,
  type Found,
  isUnconfirmed,
  isUnlisted,
  type Look,
  type Looked,
  listSigners,
  makeLook,
  selectMembers,
} from "./scan.ts";
import { decodeSigners, filterSigners, selectSigners } from "./signers.ts";
import { runBatch, type Statement } from "./statement.ts";

export interface Hit extends Found, SignerFields {
  readonly kind: EntryKind;
  readonly digest: string | null;
  readonly predicateType: string | null;
}

export interface SearchPage {
  /** Newest first. */
  readonly hits: readonly Hit[];
  /** Where the next page starts, null if there is none. */
  readonly next: Bounds | null;
  /** For each log: every entry below this index is in the search index. */
  readonly completeThrough: Bounds;
  /** For each log: the time of the newest entry in the search index; null if there is none. */
  readonly newestTimes: ReadonlyMap<string, UnixMs | null>;
}

export interface SearchUnavailable {
  readonly code: "search_unavailable";
  /** D1's error message, for the log line. */
  readonly reason: string;
}

/** A log as the index knows it. */
export interface IndexedLog {
  readonly name: string;
  /** Tells two logs of one name apart; null if there is no log yet. */
  readonly creation: string | null;
}

/**
 * Reads one page of hits. Rows of another log under a name are not found, and that name is complete through 0. Fails
 * with search_unavailable.
 * @param all all logs, oldest first
 */
export async function searchPage(
  database: D1Database,
  query: SearchQuery,
  all: readonly IndexedLog[],
): Promise<Result<SearchPage, SearchUnavailable>> {
  try {
    return ok(await readPage(database, query, all));
  } catch (error) {
    return err(toUnavailable(error));
  }
}

const toUnavailable = (error: unknown): SearchUnavailable => ({
  code: "search_unavailable",
  reason: error instanceof Error ? error.message : "not an Error",
});

async function readPage(database: D1Database, query: SearchQuery, all: readonly IndexedLog[]): Promise<SearchPage> {
  const { logs, signers } = await prepare(database, query, all);
  const looks = query.alternatives.flatMap((alternative, i) =>
    logs.flatMap((log) => toLook(query, alternative, { log, signers: signers[i] ?? null })),
  );
  const looked = await runLooks(database, looks);
  const completeThrough = new Map(logs.map(({ name, size }) => [name, size]));
  const { found, next } = takeFirstPage(looked, query.limit, query.bounds ?? completeThrough);
  // Every alternative has the type that the question names.
  const typeKey = query.alternatives[0]?.predicateTypes[0] ?? "";
  const hits = await readHits(database, { found, logs, typeKey });
  return { hits, next, completeThrough, newestTimes: new Map(logs.map(({ name, newest }) => [name, newest])) };
}

/** A log in the index. */
export interface LogState {
  readonly name: string;
  readonly number: number;
  readonly size: number;
  /** Time of the newest entry. */
  readonly newest: UnixMs | null;
  /** No entry of the time asked for is outside. */
  readonly from: number;
  readonly below: number;
}

const NEWEST = INDEXED_SIZE.replace("coalesce((SELECT size", "(SELECT last_ms").replace(/, 0\)$/, "");
const blockBefore = (comparison: string): string =>
  `(SELECT id & ${LOG_IDS - 1} FROM block WHERE block.log = log.number AND first_ms ${comparison} ORDER BY first_ms DESC, id DESC LIMIT 1)`;
const LOGS = `SELECT number, name AS log, creation, ${INDEXED_SIZE} AS size, ${NEWEST} AS newest,
  ${blockBefore("< ?1")} AS since, ${blockBefore("<= ?2")} AS until FROM log`;

/** Reads how far the logs are indexed and which signers are meant. Rejects if D1 fails. */
export async function prepare(
  database: D1Database,
  { alternatives, since, until }: SearchQuery,
  all: readonly IndexedLog[],
): Promise<{ readonly logs: readonly LogState[]; readonly signers: readonly (readonly string[] | null)[] }> {
  // The signer is the same in all alternatives that ask for one.
  const conditions = alternatives.find(({ signer }) => signer.length > 0);
  const [rows = [], found = []] = await runBatch(database, [
    { sql: LOGS, values: [since ?? 0, until ?? Number.MAX_SAFE_INTEGER] },
    ...(conditions === undefined ? [] : [selectSigners(conditions.signer)]),
  ]);
  const signers = conditions === undefined ? null : decodeSigners(found);
  return {
    logs: all.map((log) => toState(log, rows)),
    signers: alternatives.map(({ signer }) => (signer.length > 0 ? signers : null)),
  };
}

function toState({ name, creation }: IndexedLog, rows: readonly Row[]): LogState {
  const row = rows.find((one) => one["log"] === name);
  const mark = row === undefined ? null : decodeWatermark(row);
  const isForeign = mark !== null && mark.creation !== null && creation !== null && mark.creation !== creation;
  if (row === undefined || mark === null || isForeign || mark.size === 0)
    return { name, number: 0, size: 0, newest: null, from: 0, below: 0 };
  const until = row["until"] === null ? -1 : integer(row, "until");
  const since = row["since"] === null ? 0 : integer(row, "since");
  return {
    name,
    number: integer(row, "number"),
    size: mark.size,
    newest: unixMs(integer(row, "newest")),
    from: since * BLOCK_ENTRIES,
    below: Math.min(mark.size, (until + 1) * BLOCK_ENTRIES),
  };
}

interface Place {
  readonly log: LogState;
  readonly signers: readonly string[] | null;
}

/** Null signers are those of a query that asks for none; listed ones may be none, and then nothing is found. */
function toLook(query: SearchQuery, alternative: Conjunction, { log, signers }: Place): readonly Look[] {
  const { digests, predicateTypes, marks, signer } = alternative;
  const bound = query.bounds?.get(log.name) ?? Number.MAX_SAFE_INTEGER;
  if (!query.logs.includes(log.name) || signers?.length === 0) return [];
  return [
    {
      log: log.name,
      number: log.number,
      below: Math.min(log.below, bound),
      from: log.from,
      limit: query.limit,
      filter: { kind: query.kind, since: query.since, until: query.until, marks, signer },
      wanted: { digests, predicateTypes },
      signers,
    },
  ];
}

async function runLooks(database: D1Database, looks: readonly Look[]): Promise<readonly Looked[]> {
  const results = await runEach(database, looks.map(makeLook));
  const found = looks.map((look, i) => ({ look, rows: results[i] ?? [] }));
  const unlisted = found.filter(({ look }) => isUnlisted(look));
  const selected = await runBatch(
    database,
    unlisted.map(({ look, rows }) => filterSigners(listSigners(rows[0] ?? []), look.filter.signer)),
  );
  const looked = found.map(({ look, rows }) => {
    const at = unlisted.findIndex((one) => one.look === look);
    const signers = at < 0 ? look.signers : (selected[at] ?? []).flatMap((row) => textOrNull(row, "signer") ?? []);
    return { look, looked: rows.length === 0 ? NOTHING : decodeLook({ ...look, signers }, rows) };
  });
  return await confirm(database, looked);
}

const NOTHING: Looked = { hits: [], floor: null };

interface LookedAt {
  readonly look: Look;
  readonly looked: Looked;
}

/** Drops the hits without the predicate types, and those beyond the page. */
async function confirm(database: D1Database, all: readonly LookedAt[]): Promise<readonly Looked[]> {
  const unconfirmed = all.filter(({ look, looked }) => isUnconfirmed(look) && looked.hits.length > 0);
  const members = await runBatch(
    database,
    unconfirmed.map(({ look, looked }) => selectMembers(look, looked.hits)),
  );
  return all.map((one) => {
    const at = unconfirmed.indexOf(one);
    const kept = at < 0 ? null : new Set((members[at] ?? []).map((row) => integer(row, "idx")));
    const { hits: found, floor } = one.looked;
    const hits = kept === null ? found : found.filter(({ leafIndex }) => kept.has(leafIndex));
    const shown = hits.slice(0, one.look.limit + 1);
    return { hits: shown, floor: shown[one.look.limit] ?? floor };
  });
}

/** Runs several lists of statements as one batch. */
async function runEach(
  database: D1Database,
  lists: readonly (readonly Statement[])[],
): Promise<readonly (readonly (readonly Row[])[])[]> {
  const rows = await runBatch(database, lists.flat());
  let at = 0;
  return lists.map(({ length }) => {
    at += length;
    return rows.slice(at - length, at);
  });
}

/**
 * Key of the postings of a known type of statement, in hex → the type. D1 looks for each key and counts each as a row,
 * unless the question names the type.
 */
const TYPES_BY_KEY = new Map(Object.keys(PREDICATE_TYPES).map((type) => [termKey("predicateType", type), type]));
const TYPE_KEYS = Array.from(TYPES_BY_KEY.keys(), (key) => `x'${key}'`).join(", ");

const PLACE = `(asked.value & ${BLOCK_ENTRIES - 1})`;
const FIELDS = `SELECT asked.value AS idx, fields, lower(hex(substr(kinds, 1 + ${PLACE}, 1))) AS kinds,
    lower(hex(substr(digests, 1 + 32 * ${PLACE}, 32))) AS digest, long_digests ->> ('$."' || ${PLACE} || '"') AS long_digest,
    CASE WHEN substr(kinds, 1 + ${PLACE}, 1) = x'01' THEN coalesce(nullif(?3, ''), (SELECT lower(hex(term)) FROM posting
      WHERE term IN (${TYPE_KEYS}) AND log = ?1 AND idx = asked.value LIMIT 1)) END AS type_key
  FROM json_each(?2) AS asked JOIN block ON block.id = ?1 * ${LOG_IDS} + (asked.value >> 8)
  LEFT JOIN signer ON signer.key = substr(signers, 1 + 6 * ${PLACE}, 6)`;

/** Hits to read: where they are, and the key of their type of statement, empty unless the question names one. */
interface Wanted {
  readonly found: readonly Found[];
  readonly logs: readonly LogState[];
  readonly typeKey: string;
}

async function readHits(database: D1Database, { found, logs, typeKey }: Wanted): Promise<readonly Hit[]> {
  const shown = logs.filter(({ name }) => found.some(({ log }) => log === name));
  const results = await runBatch(
    database,
    shown.map(({ name, number }) => {
      const indexes = found.filter(({ log }) => log === name).map(({ leafIndex }) => leafIndex);
      return { sql: FIELDS, values: [number, JSON.stringify(indexes), typeKey] };
    }),
  );
  const rows = new Map(
    shown.flatMap(({ name }, i) => (results[i] ?? []).map((row) => [`${name} ${integer(row, "idx")}`, row] as const)),
  );
  return found.map((entry) => {
    const row = rows.get(`${entry.log} ${entry.leafIndex}`);
    if (row === undefined) throw new RangeError(`entry ${entry.leafIndex} of ${entry.log} left the index meanwhile`);
    return { ...entry, ...decodeFields(row) };
  });
}

function decodeFields(row: Row): Omit<Hit, keyof Found> {
  const signer = row["fields"] === null ? null : decodeColumn(row, "fields", decodeSigner);
  const predicateType = TYPES_BY_KEY.get(textOrNull(row, "type_key") ?? "") ?? null;
  const short = text(row, "digest");
  const digest = textOrNull(row, "long_digest") ?? (/^0*$/.test(short) ? null : `sha256:${short}`);
  return { ...toFields(signer), kind: kindOf((column) => text(row, column)), digest, predicateType };
}

/** Only for an entry that is indexed, so that no row outlives or precedes its entry's. */
const ADD_TERMS = `INSERT OR IGNORE INTO posting (term, log, idx)
  SELECT unhex(value), number, ?2 FROM json_each(?3), log WHERE name = ?1 AND ?2 < ${INDEXED_SIZE}`;

/** ?3 is the place of the entry in its row. Null where the log or the row is not there: then nothing is updated. */
const MARK_ATTESTATION = `UPDATE block SET kinds = CAST(substr(kinds, 1, ?3) || x'01' || substr(kinds, ?3 + 2) AS BLOB)
  WHERE id = (SELECT number * ${LOG_IDS} + (?2 >> 8) FROM log WHERE name = ?1) AND substr(kinds, ?3 + 1, 1) = x'00'`;

/**
 * Makes an indexed entry an attestation that is found by further terms. Fails with search_unavailable.
 * @param terms their keys
 */
export async function addAttestation(
  database: D1Database,
  { log, leafIndex }: Pick<Found, "log" | "leafIndex">,
  terms: readonly string[],
): Promise<Result<null, SearchUnavailable>> {
  try {
    await runBatch(database, [
      { sql: ADD_TERMS, values: [log, leafIndex, JSON.stringify(terms)] },
      { sql: MARK_ATTESTATION, values: [log, leafIndex, leafIndex % BLOCK_ENTRIES] },
    ]);
    return ok(null);
  } catch (error) {
    return err(toUnavailable(error));
  }
}
