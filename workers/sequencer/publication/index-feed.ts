// SPDX-License-Identifier: Apache-2.0
// Feeds the search index from the log, behind its answers. D1 is a cache: if it fails, stalls or vanishes, only the
// search's "complete through" stops.

import type { IndexedEntry, SearchIndex } from "../deps.ts";
import type { LogStorage } from "../storage.ts";

/** As many entries per batch as per round, so that no invocation handles more. */
const BATCH_ENTRIES = 64;
/**
 * Terms per batch; an attestation may have 500. At about 100 bytes each they stay far below D1's 2 MB for a parameter.
 */
const BATCH_TERMS = 4096;

/**
 * Writes the next batch of entries, from `indexed` on, and returns the new cursor: `indexed` itself if nothing is left
 * to write.
 */
export async function feedIndex(
  { log, storage, index }: { readonly log: string; readonly storage: LogStorage; readonly index: SearchIndex },
  indexed: number,
  treeSize: number,
): Promise<number> {
  if (indexed >= treeSize) return indexed;
  const batch = limitTerms(storage.readEntries(indexed, Math.min(treeSize, indexed + BATCH_ENTRIES)));
  await index.write(log, batch);
  return indexed + batch.length;
}

/** The first entries that together have at most 4096 terms, but at least one entry. */
function limitTerms<E extends IndexedEntry>(entries: readonly E[]): readonly E[] {
  let terms = 0;
  const end = entries.findIndex(({ search }, i) => {
    terms += search.terms.length;
    return i > 0 && terms > BATCH_TERMS;
  });
  return end < 0 ? entries : entries.slice(0, end);
}

/**
 * The search index in D1 (migrations/). One batch is one transaction, so the watermark never runs ahead of the rows.
 * Nor does it skip a gap: after the database was lost or restored it stays until `sigedge reindex` has filled the gap.
 * The rows travel as one JSON parameter, because D1 takes at most 100 parameters.
 */
export function d1Index(db: D1Database): SearchIndex {
  return {
    async write(log, entries) {
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
      const end = start + entries.length;
      await db.batch([
        db
          .prepare(
            "INSERT OR IGNORE INTO posting (term, log, idx) SELECT value ->> 0, ?1, value ->> 1 FROM json_each(?2)",
          )
          .bind(log, JSON.stringify(postings)),
        db
          .prepare(
            // A service that is deployed apart may be older and send rows without a version.
            `INSERT OR IGNORE INTO entry (log, idx, time_ms, digest, identity, issuer, terms_version)
             SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, coalesce(value ->> 5, 1)
             FROM json_each(?2)`,
          )
          .bind(log, JSON.stringify(rows)),
        db
          .prepare(
            `INSERT INTO watermark (log, size) SELECT ?1, ?3 WHERE ?2 = 0 OR ?2 <= (SELECT size FROM watermark WHERE log = ?1)
             ON CONFLICT (log) DO UPDATE SET size = max(size, excluded.size)`,
          )
          .bind(log, start, end),
      ]);
    },
  };
}
