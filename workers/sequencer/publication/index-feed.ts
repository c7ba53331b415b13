// SPDX-License-Identifier: Apache-2.0
// Feeds the search index from the log, behind its answers. D1 is a cache: if it fails, stalls or vanishes, only the
// search's "complete through" stops. When it is back, it gets what it lacks: from the rows, or from R2 where they are
// gone.

import { type IndexedEntry, type IndexedLog, makeAppend, weigh } from "../../../shared/search/index-writes.ts";
import { integer, type Row, textOrNull } from "../../../shared/sql/columns.ts";
import type { SearchIndex } from "../deps.ts";
import type { LogFormat } from "../kinds/kind.ts";
import type { LogStorage } from "../storage.ts";
import type { StateRow } from "../tables/state.ts";
import type { StoredEntries } from "./stored-entries.ts";

/** As many entries per batch as per round, so that no invocation handles more. */
const BATCH_ENTRIES = 64;
/**
 * Bytes of a batch's terms and texts in JSON, half of the 2 MB that D1 takes as a parameter. An entry has at most
 * 32 KiB of names, of which each character takes six bytes at worst.
 */
const BATCH_BYTES = 1_000_000;

/** The parts of a log that feeding uses. */
export interface FeedDeps {
  readonly log: IndexedLog;
  readonly format: Pick<LogFormat, "readSearchRow">;
  readonly storage: Pick<LogStorage, "readEntries">;
  readonly stored: Pick<StoredEntries, "read">;
  readonly index: SearchIndex;
}

/**
 * Writes the next batch of entries, from the cursor on, and returns the new cursor: how far D1 is complete. It goes
 * back if D1 has lost rows. Rejects if D1 or R2 fails.
 * @param firstRow entries below it have no row
 */
export async function feedIndex(
  { log, format, storage, stored, index }: FeedDeps,
  { indexed, treeSize }: Pick<StateRow, "indexed" | "treeSize">,
  firstRow: number,
): Promise<number> {
  const end = Math.min(treeSize, indexed + BATCH_ENTRIES);
  const isGone = indexed < firstRow;
  const batch = isGone ? await stored.read(indexed, end - indexed) : readRows(storage, format, { indexed, end });
  return await index.write(log, limitBytes(batch));
}

/** Reads entries that have rows. A row that another version made is made again from the record. */
function readRows(
  storage: FeedDeps["storage"],
  format: FeedDeps["format"],
  { indexed, end }: { readonly indexed: number; readonly end: number },
): readonly IndexedEntry[] {
  return storage.readEntries(indexed, end).map(({ leafIndex, timestamp, record, hints, search: stored }) => {
    const search = stored ?? format.readSearchRow(record, hints);
    if (search === null) throw new RangeError(`entry ${leafIndex} does not parse`);
    return { leafIndex, timestamp, search };
  });
}

/** The first entries that fit into a batch, but at least one entry. */
function limitBytes<E extends IndexedEntry>(entries: readonly E[]): readonly E[] {
  let bytes = 0;
  const end = entries.findIndex((entry, i) => {
    bytes += weigh(entry);
    return i > 0 && bytes > BATCH_BYTES;
  });
  return end < 0 ? entries : entries.slice(0, end);
}

/**
 * The search index in D1 (migrations/). One batch is one transaction, so it never says that it has entries that it
 * lacks. Nor does it skip a gap: after the database was lost or restored it says what is missing. Rows travel as JSON
 * and hex, because D1 takes at most 100 parameters.
 */
export function d1Index(db: D1Database): SearchIndex {
  return {
    async write(log, entries) {
      const statements = makeAppend(log, entries).map(({ sql, values }) => db.prepare(sql).bind(...values));
      const results = await db.batch<Row>(statements);
      const [state] = results.at(-1)?.results ?? [];
      if (state === undefined) return 0;
      const stored = textOrNull(state, "creation");
      if (stored === log.creation || stored === null) return integer(state, "size");
      throw new Error(`the search index holds rows of another log called ${log.name}: run sigedge reindex`);
    },
  };
}
