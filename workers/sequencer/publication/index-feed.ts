// SPDX-License-Identifier: Apache-2.0
// Feeds the search index from the log, behind its answers. D1 is a cache: if it fails, stalls or vanishes, only the
// search's "complete through" stops. When it is back, it gets what it lacks: from the rows, or from R2 where they are
// gone.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { integer, type Row, textOrNull } from "../../../shared/sql/columns.ts";
import type { IndexedEntry, IndexedLog, SearchIndex } from "../deps.ts";
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
  { log, storage, stored, index }: FeedDeps,
  { indexed, treeSize }: Pick<StateRow, "indexed" | "treeSize">,
  firstRow: number,
): Promise<number> {
  const end = Math.min(treeSize, indexed + BATCH_ENTRIES);
  const isGone = indexed < firstRow;
  const batch = isGone ? await stored.read(indexed, end - indexed) : storage.readEntries(indexed, end);
  return await index.write(log, limitBytes(batch));
}

/** The first entries that fit into a batch, but at least one entry. */
function limitBytes<E extends IndexedEntry>(entries: readonly E[]): readonly E[] {
  let bytes = 0;
  const end = entries.findIndex(({ search }, i) => {
    bytes += encodeUtf8(JSON.stringify(search)).length;
    return i > 0 && bytes > BATCH_BYTES;
  });
  return end < 0 ? entries : entries.slice(0, end);
}

/** Bound to every statement: rows of another log under this name stay as they are until reindex removes them. */
const IS_OURS = "NOT EXISTS (SELECT 1 FROM watermark WHERE log = ?1 AND creation <> ?2)";
const POSTINGS = `INSERT OR IGNORE INTO posting (term, log, idx)
  SELECT value ->> 0, ?1, value ->> 1 FROM json_each(?3) WHERE ${IS_OURS}`;
// A service that is deployed apart may be older and send rows without a version.
const ENTRIES = `INSERT OR IGNORE INTO entry (log, idx, time_ms, digest, identity, issuer, terms_version)
  SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, coalesce(value ->> 5, 1)
  FROM json_each(?3) WHERE ${IS_OURS}`;
// A row that is older than the column is this log's: it is claimed.
const WATERMARK = `INSERT INTO watermark (log, creation, size, terms_version)
  SELECT ?1, ?2, ?4, ?5 WHERE (?3 = 0 OR ?3 <= (SELECT size FROM watermark WHERE log = ?1)) AND ${IS_OURS}
  ON CONFLICT (log) DO UPDATE SET size = max(size, excluded.size), creation = excluded.creation,
    terms_version = min(terms_version, excluded.terms_version)`;
const COMPLETE = "SELECT size, creation FROM watermark WHERE log = ?1";

/**
 * The search index in D1 (migrations/). One batch is one transaction, so the watermark never runs ahead of the rows.
 * Nor does it skip a gap: after the database was lost or restored it says what is missing. The rows travel as one JSON
 * parameter, because D1 takes at most 100 parameters.
 */
export function d1Index(db: D1Database): SearchIndex {
  return {
    async write({ name, creation }, entries) {
      const postings = entries.flatMap(({ leafIndex, search }) => search.terms.map((term) => [term, leafIndex]));
      const rows = entries.map(({ leafIndex, timestamp, search }) => [
        leafIndex,
        timestamp,
        search.digest,
        search.identity,
        search.issuer,
        search.termsVersion,
      ]);
      const start = entries[0]?.leafIndex ?? 0;
      const termsVersion = Math.min(...entries.map(({ search }) => search.termsVersion));
      const results = await db.batch<Row>([
        db.prepare(POSTINGS).bind(name, creation, JSON.stringify(postings)),
        db.prepare(ENTRIES).bind(name, creation, JSON.stringify(rows)),
        db.prepare(WATERMARK).bind(name, creation, start, start + entries.length, termsVersion),
        db.prepare(COMPLETE).bind(name),
      ]);
      const [watermark] = results.at(-1)?.results ?? [];
      if (watermark === undefined) return 0;
      const stored = textOrNull(watermark, "creation");
      if (stored === creation || stored === null) return integer(watermark, "size");
      throw new Error(`the search index holds rows of another log called ${name}: run sigedge reindex`);
    },
  };
}
