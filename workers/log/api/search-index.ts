// SPDX-License-Identifier: Apache-2.0
// Reads the search index. D1 is a cache of the logs: an answer says how far each log is indexed, and a failure affects
// search only. Tables: migrations/.

import { err, ok, type Result } from "../../../shared/result.ts";
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

/** A search takes a few milliseconds. */
const DEADLINE_MS = 5000;

const WATERMARKS = "SELECT log, size FROM watermark";
/**
 * Scans posting's primary key backward. Omits rows at and above the watermark: they are incomplete, and later pages
 * could not tell them from entries that were indexed between two requests.
 */
const HITS = `
  SELECT posting.idx, entry.time_ms, entry.digest, entry.identity, entry.issuer
  FROM posting JOIN entry ON entry.log = posting.log AND entry.idx = posting.idx
  WHERE posting.term = ?1 AND posting.log = ?2
    AND posting.idx < MIN(?3, COALESCE((SELECT size FROM watermark WHERE log = ?2), 0))
  ORDER BY posting.idx DESC LIMIT ?4`;

interface WatermarkRow {
  readonly log: string;
  readonly size: number;
}

interface HitRow {
  readonly idx: number;
  readonly time_ms: number;
  readonly digest: string | null;
  readonly identity: string | null;
  readonly issuer: string | null;
}

/**
 * Reads one page of hits. Fails with search_unavailable.
 * @param all the names of all logs, oldest first
 */
export async function searchPage(
  database: D1Database,
  query: SearchQuery,
  all: readonly string[],
): Promise<Result<SearchPage, SearchUnavailable>> {
  const { term, logs, limit, bounds } = query;
  // One row more than the limit tells whether there is another page.
  const statements = logs.map((log) => database.prepare(HITS).bind(term, log, bounds?.get(log) ?? NO_BOUND, limit + 1));
  try {
    // A batch is one transaction, so watermarks and hits are consistent.
    const [watermarks, ...found] = await withDeadline(database.batch([database.prepare(WATERMARKS), ...statements]));
    const completeThrough = toBounds((watermarks?.results ?? []) as WatermarkRow[], all);
    const hits = logs.map((log, i) => ((found[i]?.results ?? []) as HitRow[]).map((row) => toHit(log, row)));
    return ok({ ...firstPage(hits.flat(), limit, bounds ?? completeThrough), completeThrough });
  } catch (error) {
    return err({ code: "search_unavailable", reason: error instanceof Error ? error.message : "not an Error" });
  }
}

/** Rejects after DEADLINE_MS: D1 can stall for a minute, and no client waits that long. */
async function withDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The watermark of every log, in the order of `all`. A log without a watermark has nothing in the index. */
function toBounds(rows: readonly WatermarkRow[], all: readonly string[]): Bounds {
  return new Map(all.map((name) => [name, rows.find(({ log }) => log === name)?.size ?? 0]));
}

function toHit(log: string, { idx, time_ms, digest, identity, issuer }: HitRow): Hit {
  return { log, leafIndex: idx, timestamp: unixMs(time_ms), digest, identity, issuer };
}

/**
 * Takes the newest `limit` of all hits, and the bounds of the next page. A log's timestamps never decrease, so each
 * log's hits are in order of their index, and the hits left over are below those taken.
 */
function firstPage(all: readonly Hit[], limit: number, bounds: Bounds): Omit<SearchPage, "completeThrough"> {
  const hits = all.toSorted(newestFirst([...bounds.keys()])).slice(0, limit);
  const lowest = (log: string, bound: number): number =>
    Math.min(bound, ...hits.filter((hit) => hit.log === log).map(({ leafIndex }) => leafIndex));
  const next = new Map([...bounds].map(([log, bound]) => [log, lowest(log, bound)]));
  return { hits, next: all.length > hits.length ? next : null };
}

/** Newest first. Within one millisecond, hits of the older log come first. */
const newestFirst =
  (logs: readonly string[]) =>
  (a: Hit, b: Hit): number =>
    b.timestamp - a.timestamp || logs.indexOf(a.log) - logs.indexOf(b.log) || b.leafIndex - a.leafIndex;
