// SPDX-License-Identifier: Apache-2.0
// How large a log was at given times, from the search index. A log's times never decrease, so the entries before a time
// are those of the rows of `block` that begin before it, of the last one only some: two rows for each time.

import { BLOCK_ENTRIES, LOG_IDS } from "../../../shared/search/index-writes.ts";
import { integer, type Row, text } from "../../../shared/sql/columns.ts";
import type { UnixMs } from "../../../shared/time.ts";

/** A month of days, and the present. */
const MAX_TIMES = 32;
/** Past days do not change. */
const KEEP_MS = 60_000;

const BLOCKS_BEFORE = `
  SELECT each.value AS time, block.id & ${LOG_IDS - 1} AS block, lower(hex(times)) AS times
  FROM json_each(?2) AS each LEFT JOIN block ON block.id = (
    SELECT id FROM block WHERE block.log = (SELECT number FROM log WHERE name = ?1) AND first_ms < each.value
    ORDER BY first_ms DESC, id DESC LIMIT 1)
  ORDER BY each.key`;

/** Digits of a time in a row of `block`. */
const TIME_DIGITS = 12;

/** How many entries the log had before the time of a row. */
function countIn(row: Row): number {
  if (row["block"] === null) return 0;
  const time = integer(row, "time");
  const times = text(row, "times").match(new RegExp(`.{${TIME_DIGITS}}`, "g")) ?? [];
  const earlier = times.filter((digits) => Number.parseInt(digits, 16) < time);
  return integer(row, "block") * BLOCK_ENTRIES + earlier.length;
}

interface Kept {
  readonly key: string;
  readonly sizes: readonly number[];
  readonly until: number;
}

/** Keeps the answers of one isolate for a minute, one for each log. */
export class Growth {
  readonly #kept = new Map<string, Kept>();

  /**
   * Counts the entries of a log that were appended before each time. Rejects if D1 fails.
   * @param size entries below this index are in the index
   * @param times ascending, at most MAX_TIMES
   */
  async countBefore(
    index: D1Database,
    log: string,
    size: number,
    times: readonly UnixMs[],
  ): Promise<readonly number[]> {
    if (times.length > MAX_TIMES) throw new RangeError("too many times");
    const key = JSON.stringify(times);
    const kept = this.#kept.get(log);
    if (kept !== undefined && kept.key === key && Date.now() < kept.until) return kept.sizes;
    const [answer] = await index.batch<Row>([index.prepare(BLOCKS_BEFORE).bind(log, key)]);
    const sizes = (answer?.results ?? []).map((row) => Math.min(size, countIn(row)));
    this.#kept.set(log, { key, sizes, until: Date.now() + KEEP_MS });
    return sizes;
  }
}
