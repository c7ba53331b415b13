// SPDX-License-Identifier: Apache-2.0
// Reads the search index. D1 is a cache of the logs: an answer says how far each log is indexed, and a failure affects
// search only. Tables: migrations/.

import { withDeadline } from "../../../shared/http/deadline.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { decodeWatermark, SELECT_WATERMARKS, type Watermark } from "../../../shared/search/watermark.ts";
import { integer, type Row, textOrNull } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { Bounds, SearchQuery } from "./search-query.ts";

export interface Hit {
  /** LogConfig.name. */
  readonly log: string;
  readonly leafIndex: number;
  readonly timestamp: UnixMs;
  readonly digest: string | null;
  readonly identity: string | null;
  readonly issuer: string | null;
}

export interface SearchPage {
  /** Newest first. */
  readonly hits: readonly Hit[];
  /** Where the next page starts, null if there is none. */
  readonly next: Bounds | null;
  /** For each log: every entry below this index is in the search index. */
  readonly completeThrough: Bounds;
}

export interface SearchUnavailable {
  readonly code: "search_unavailable";
  /** D1's error message, for the log line. */
  readonly reason: string;
}

/** Above every index, for the first page. */
const NO_BOUND = Number.MAX_SAFE_INTEGER;

/** A search takes a few milliseconds, but D1 can stall for a minute. */
const DEADLINE_MS = 5000;

/**
 * Omits rows at and above the watermark: they are incomplete, and later pages could not tell them from entries that
 * were indexed between two requests.
 */
const BELOW = "MIN(?2, COALESCE((SELECT size FROM watermark WHERE log = ?1), 0))";
const SHOWN = "entry.idx, entry.time_ms, entry.digest, entry.identity, entry.issuer";
/** Scans posting's primary key backward. */
const BY_TERM = `
  SELECT ${SHOWN} FROM posting JOIN entry ON entry.log = posting.log AND entry.idx = posting.idx
  WHERE posting.term = ?4 AND posting.log = ?1 AND posting.idx < ${BELOW} ORDER BY posting.idx DESC LIMIT ?3`;
/** Scans entry's primary key backward. */
const ALL = `SELECT ${SHOWN} FROM entry WHERE log = ?1 AND idx < ${BELOW} ORDER BY idx DESC LIMIT ?3`;

/**
 * Entries that a page looks at, in each log, for those of an issuer. No term has the issuer, as it would be two rows
 * of every signature, so a page may have fewer hits than its limit, even none, and still be followed by another.
 */
const WINDOW = 256;

/** The rows of an issuer, with or without a slash at its end, and the last row of a full window. */
const selectByIssuer = (rows: string, [exact, other]: readonly [string, string]): string => `
  SELECT *, issuer IN (${exact}, ${other}) AS matches
  FROM (SELECT *, row_number() OVER (ORDER BY idx DESC) AS nth FROM (${rows}))
  WHERE matches OR nth = ${WINDOW} ORDER BY idx DESC`;
const BY_TERM_AND_ISSUER = selectByIssuer(BY_TERM, ["?5", "?6"]);
const BY_ISSUER = selectByIssuer(ALL, ["?4", "?5"]);

/** A log as the index knows it. */
export interface IndexedLog {
  readonly name: string;
  /** Tells two logs of one name apart; null if there is no log yet. */
  readonly creation: string | null;
}

/** A row that a statement found. */
interface FoundRow {
  /** False for the last row of a window that is another issuer's. */
  readonly isHit: boolean;
  /** Its place in the window, from 1; null without an issuer, as then all rows match. */
  readonly place: number | null;
  readonly hit: Hit;
}

const decodeFound = (log: string, row: Row): FoundRow => ({
  isHit: row["matches"] === undefined || row["matches"] === 1,
  place: row["nth"] === undefined ? null : integer(row, "nth"),
  hit: {
    log,
    leafIndex: integer(row, "idx"),
    timestamp: unixMs(integer(row, "time_ms")),
    digest: textOrNull(row, "digest"),
    identity: textOrNull(row, "identity"),
    issuer: textOrNull(row, "issuer"),
  },
});

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
  const { limit, bounds } = query;
  const scans = scansOf(query);
  const statements = scans.map(({ sql, values }) => database.prepare(sql).bind(...values));
  try {
    // A batch is one transaction, so watermarks and hits are consistent.
    const [watermarks, ...found] = await withDeadline(
      DEADLINE_MS,
      database.batch<Row>([database.prepare(SELECT_WATERMARKS), ...statements]),
    );
    const completeThrough = toBounds((watermarks?.results ?? []).map(decodeWatermark), all);
    const scanned = scans.map(({ log }, i) => {
      const isOurs = (completeThrough.get(log) ?? 0) > 0;
      const rows = isOurs ? (found[i]?.results ?? []) : [];
      return toScanned(
        rows.map((row) => decodeFound(log, row)),
        limit,
      );
    });
    return ok({ ...takeFirstPage(scanned, limit, bounds ?? completeThrough), completeThrough });
  } catch (error) {
    return err({ code: "search_unavailable", reason: error instanceof Error ? error.message : "not an Error" });
  }
}

/** One statement for each log and term. */
interface Scan {
  readonly log: string;
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

function scansOf({ terms, issuer, logs, limit, bounds }: SearchQuery): readonly Scan[] {
  return logs.flatMap((log) => {
    const below = bounds?.get(log) ?? NO_BOUND;
    if (issuer === null) {
      // One row more than the limit tells whether there is another page.
      return terms.map((term) => ({ log, sql: BY_TERM, values: [log, below, limit + 1, term] }));
    }
    const spellings = [issuer, issuer.endsWith("/") ? issuer.slice(0, -1) : `${issuer}/`];
    const [term] = terms;
    return term === undefined
      ? [{ log, sql: BY_ISSUER, values: [log, below, WINDOW, ...spellings] }]
      : terms.map((each) => ({ log, sql: BY_TERM_AND_ISSUER, values: [log, below, WINDOW, each, ...spellings] }));
  });
}

/** What one statement found. */
interface Scanned {
  readonly hits: readonly Hit[];
  /** The last row that it looked at, if there may be more below; null if there is nothing below. */
  readonly floor: Hit | null;
}

function toScanned(rows: readonly FoundRow[], limit: number): Scanned {
  const hits = rows.flatMap(({ isHit, hit }) => (isHit ? [hit] : []));
  const last = rows.find(({ place }, i) => (place === null ? i === limit : place === WINDOW));
  return { hits, floor: last?.hit ?? null };
}

/** Only for an entry that is indexed, so that no row outlives or precedes its entry's. */
const ADD_TERMS = `INSERT OR IGNORE INTO posting (term, log, idx)
  SELECT value, ?1, ?2 FROM json_each(?3) WHERE EXISTS (SELECT 1 FROM entry WHERE log = ?1 AND idx = ?2)`;

/** Makes an indexed entry findable by further terms. Fails with search_unavailable. */
export async function addTerms(
  database: D1Database,
  { log, leafIndex }: Pick<Hit, "log" | "leafIndex">,
  terms: readonly string[],
): Promise<Result<null, SearchUnavailable>> {
  try {
    await withDeadline(
      DEADLINE_MS,
      database.batch([database.prepare(ADD_TERMS).bind(log, leafIndex, JSON.stringify(terms))]),
    );
    return ok(null);
  } catch (error) {
    return err({ code: "search_unavailable", reason: error instanceof Error ? error.message : "not an Error" });
  }
}

/** The watermark of every log, in the order of `all`. A log without a watermark of its own has nothing in the index. */
function toBounds(rows: readonly Watermark[], all: readonly IndexedLog[]): Bounds {
  const sizeOf = ({ name, creation }: IndexedLog): number => {
    const row = rows.find(({ log }) => log === name);
    const isForeign = row !== undefined && row.creation !== null && creation !== null && row.creation !== creation;
    return row === undefined || isForeign ? 0 : row.size;
  };
  return new Map(all.map((log) => [log.name, sizeOf(log)]));
}

/**
 * Takes the newest `limit` of all hits, and the bounds of the next page. A log's timestamps never decrease, so each
 * log's hits are in order of their index, and the hits left over are below those taken. Hits below the highest floor
 * wait for a later page: what is between them and that floor is not known yet.
 */
function takeFirstPage(
  scanned: readonly Scanned[],
  limit: number,
  bounds: Bounds,
): Omit<SearchPage, "completeThrough"> {
  const order = compareNewestFirst([...bounds.keys()]);
  const [cut] = scanned.flatMap(({ floor }) => floor ?? []).toSorted(order);
  const sorted = scanned.flatMap(({ hits }) => hits).toSorted(order);
  // An entry that has several of the terms is found once for each.
  const distinct = sorted.filter((hit, i) => i === 0 || order(hit, sorted[i - 1] ?? hit) !== 0);
  const known = cut === undefined ? distinct : distinct.filter((hit) => order(hit, cut) <= 0);
  const hits = known.slice(0, limit);
  if (known.length === hits.length && cut === undefined) return { hits, next: null };
  const seen = known.length === hits.length && cut !== undefined ? [...hits, cut] : hits;
  const lowestIndex = (log: string, bound: number): number =>
    Math.min(bound, ...seen.filter((hit) => hit.log === log).map(({ leafIndex }) => leafIndex));
  return { hits, next: new Map([...bounds].map(([log, bound]) => [log, lowestIndex(log, bound)])) };
}

/** Newest first. Within one millisecond, hits of the older log come first. */
const compareNewestFirst =
  (logs: readonly string[]) =>
  (a: Hit, b: Hit): number =>
    b.timestamp - a.timestamp || logs.indexOf(a.log) - logs.indexOf(b.log) || b.leafIndex - a.leafIndex;
