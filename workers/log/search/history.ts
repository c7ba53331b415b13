// SPDX-License-Identifier: Apache-2.0
// Counts the entries of one identity by month. D1 counts in the rows of `block` that hold entries of one month; the few
// rows in which a month begins are counted here. Each call reads a bounded number of rows and says how far back it
// came.

import { BLOCK_ENTRIES, LOG_IDS } from "../../../shared/search/index-writes.ts";
import type { MonthCount, MonthCounts } from "../../../shared/search/month-counts.ts";
import { integer, type Row, text, textOrNull } from "../../../shared/sql/columns.ts";
import { monthOf, type UnixMs, unixMs } from "../../../shared/time.ts";
import type { SearchQuery } from "./conjunction.ts";
import { newestPresence } from "./scan.ts";
import { type IndexedLog, type LogState, prepare } from "./search-index.ts";
import { runBatch, type Statement } from "./statement.ts";

/** Rows of `block` that are counted in each log: up to 131,072 entries of one identity. */
const COUNTED_BLOCKS = 512;
/** Rows of `presence` that are looked at in each log. Each row of `block` takes one for each signer. */
const PRESENCES = 4096;
/** Hex digits of a key and of a time. */
const DIGITS = 12;

/** The part of the entries that is counted. */
export interface Period {
  /** The beginning of a month; null counts up to now. */
  readonly before: UnixMs | null;
  /** Rows of `block` in each log. */
  readonly maxBlocks?: number;
}

/**
 * Counts the entries that a query for a signer finds before a time. Null if it finds too many signers to list. Rejects
 * if D1 fails.
 */
export async function countByMonth(
  database: D1Database,
  query: SearchQuery,
  all: readonly IndexedLog[],
  { before, maxBlocks = COUNTED_BLOCKS }: Period,
): Promise<MonthCounts | null> {
  const end = before === null ? Number.POSITIVE_INFINITY : monthOf(before);
  const { logs, signers } = await prepare(database, query, all);
  const [keys = null] = signers;
  if (keys === null) return null;
  const counted = keys.length === 0 ? [] : logs.filter(({ below, from }) => below > from);
  const limit = Math.min(maxBlocks, Math.max(1, Math.floor(PRESENCES / Math.max(1, keys.length))));
  const results = await runBatch(
    database,
    counted.map((log) => selectCounts(log, keys, limit)),
  );
  return merge(
    results.map((rows) => toReach(rows, new Set(keys), limit)),
    end,
  );
}

const MONTH = (column: string): string =>
  `12 * strftime('%Y', ${column} / 1000, 'unixepoch') + strftime('%m', ${column} / 1000, 'unixepoch') - 1`;

/** How often a key is in a row. A key that begins between two others would count too: 2^40 hashes make one. */
const COUNT = `(SELECT sum(length(signers) - length(replace(signers, value, ''))) / ${DIGITS} FROM json_each(?1))`;

/**
 * A row for each month, and one with times and signers for each row of `block` in which a month begins. `lowest` is the
 * last row that was looked at, `blocks` how many there were.
 */
function selectCounts({ number, below }: LogState, keys: readonly string[], limit: number): Statement {
  const sql = `WITH RECURSIVE walk (id) AS (
      SELECT ${newestPresence("block <= ?3")} UNION ALL SELECT ${newestPresence("block < walk.id")} FROM walk WHERE walk.id IS NOT NULL LIMIT ${limit}),
    seen AS MATERIALIZED (SELECT block.id AS id, lower(hex(block.signers)) AS signers, lower(hex(times)) AS times,
      ${MONTH("first_ms")} AS first, ${MONTH("last_ms")} AS last FROM walk JOIN block ON block.id = walk.id)
    SELECT first AS month, sum(${COUNT}) AS count, '' AS times, '' AS signers, count(*) AS blocks FROM seen WHERE first = last GROUP BY first
    UNION ALL SELECT first, 0, times, signers, 1 FROM seen WHERE first <> last`;
  const highest = number * LOG_IDS + Math.floor((below - 1) / BLOCK_ENTRIES);
  return { sql, values: [JSON.stringify(keys), number * LOG_IDS, highest] };
}

/** The counts of one log. */
interface Reach {
  readonly counts: ReadonlyMap<number, number>;
  /** The oldest month that was looked at, if there may be more below it; null if there is nothing below. */
  readonly floor: number | null;
}

function toReach(rows: readonly Row[], keys: ReadonlySet<string>, limit: number): Reach {
  const counts = new Map<number, number>();
  const add = (month: number, count: number): void => void counts.set(month, (counts.get(month) ?? 0) + count);
  for (const row of rows) {
    add(integer(row, "month"), integer(row, "count"));
    const times = text(row, "times");
    const signers = textOrNull(row, "signers") ?? "";
    for (let at = 0; at < times.length; at += DIGITS) {
      const isTheirs = keys.has(signers.slice(at, at + DIGITS));
      if (isTheirs) add(monthOf(unixMs(Number.parseInt(times.slice(at, at + DIGITS), 16))), 1);
    }
  }
  const looked = rows.reduce((sum, row) => sum + integer(row, "blocks"), 0);
  const oldest = Math.min(...rows.map((row) => integer(row, "month")));
  return { counts, floor: looked === limit ? oldest : null };
}

/** The months that all logs were counted in, whole; or the newest one in part, if not even that was. */
function merge(all: readonly Reach[], end: number): MonthCounts {
  const lowest = Math.max(Number.NEGATIVE_INFINITY, ...all.flatMap(({ floor }) => floor ?? []));
  const sums = new Map<number, number>();
  for (const [month, count] of all.flatMap(({ counts }) => [...counts])) {
    if (month < end && count > 0) sums.set(month, (sums.get(month) ?? 0) + count);
  }
  const months = [...sums]
    .map(([month, count]): MonthCount => ({ month, count }))
    .toSorted((a, b) => a.month - b.month);
  const whole = months.filter(({ month }) => month > lowest);
  if (lowest === Number.NEGATIVE_INFINITY) return { months: whole, isOldestPartial: false, earlierBefore: null };
  if (whole.length > 0) return { months: whole, isOldestPartial: false, earlierBefore: lowest + 1 };
  return { months: months.filter(({ month }) => month === lowest), isOldestPartial: true, earlierBefore: lowest };
}
