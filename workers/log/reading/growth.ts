// SPDX-License-Identifier: Apache-2.0
// How large a log was at given times, from the search index. A log's times never decrease, so each answer is a binary
// search over the rows of its entries: about 16 rows for each time in a log of 50,000 entries, whatever its age.

import { integer, type Row } from "../../../shared/sql/columns.ts";
import type { UnixMs } from "../../../shared/time.ts";

/** A month of days, and the present. */
const MAX_TIMES = 32;
/** Past days do not change. */
const KEEP_MS = 60_000;

/** An entry that the index lacks counts as newer. Ends when `low` and `high` meet, after at most 53 steps. */
const SIZES_AT = `
  WITH RECURSIVE narrowed(nth, time, low, high) AS (
    SELECT key, value, 0, CAST(?2 AS INTEGER) FROM json_each(?3)
    UNION ALL
    SELECT nth, time,
      iif(entry.time_ms < time, (low + high) / 2 + 1, low), iif(entry.time_ms < time, high, (low + high) / 2)
    FROM narrowed LEFT JOIN entry ON entry.log = ?1 AND entry.idx = (low + high) / 2
    WHERE low < high
  )
  SELECT low AS size FROM narrowed WHERE low = high ORDER BY nth`;

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
    const [answer] = await index.batch<Row>([index.prepare(SIZES_AT).bind(log, size, key)]);
    const sizes = (answer?.results ?? []).map((row) => integer(row, "size"));
    this.#kept.set(log, { key, sizes, until: Date.now() + KEEP_MS });
    return sizes;
  }
}
