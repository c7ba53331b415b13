// SPDX-License-Identifier: Apache-2.0
// Rebuilds the search index of one log, from where the index is complete to the end of the log. The index itself
// holds that size, its watermark, and rows are written before the watermark is raised, so the work can be interrupted
// anywhere.

import { err, ok, type Result } from "../../shared/result.ts";
import { TILE_WIDTH, tileWidth } from "../../shared/tlog/tile.ts";
import { type IndexRow, readRows, readTreeSize, type ServedLog } from "../served-log/index-rows.ts";
import type { IndexDatabase } from "./databases.ts";
import { clearLog, clearOtherVersions, insertRows, joinWatermark, raiseWatermark } from "./sql.ts";

/** A log and its index. */
export interface ReindexOptions {
  readonly log: ServedLog;
  readonly database: IndexDatabase;
  /** Whether to empty the index first. */
  readonly isFresh: boolean;
  readonly onProgress: (done: number, total: number) => void;
  /** Resolves once a checkpoint read after it includes every entry from before the command began. */
  readonly settled: () => Promise<void>;
}

/** A checkpoint is cached for 1 s by the isolate that read it and for 1 s by any cache in front of it. */
export const HEAD_AGE_MS = 3000;

/** The result of a rebuild. */
export interface Reindexed {
  /** The size through which the index was complete before. */
  readonly from: number;
  /** The same now. The log may have fed the index beyond what was read. */
  readonly to: number;
}

/**
 * Rebuilds the index. The error is a line for the operator. Rejects with DatabaseError if the database fails.
 *
 * Meanwhile the log feeds the index from a cursor of its own, and raises the watermark only if there is no gap below.
 * The second pass reaches that cursor: it reads a head that includes everything fed before the command began, and
 * what the log fed since then continues from the cursor without a gap. joinWatermark includes it, and from then on
 * the log raises the watermark.
 */
export async function reindex(options: ReindexOptions): Promise<Result<Reindexed, string>> {
  const { log, database, isFresh, settled } = options;
  const { name } = log.config;
  await database.run(isFresh ? clearLog(name) : clearOtherVersions(name));
  const from = await watermarkOf(options);
  const first = await indexToHead(options, from);
  if (!first.ok) return first;
  await settled();
  const second = await indexToHead(options, first.value);
  return second.ok ? ok({ from, to: second.value }) : second;
}

const watermarkOf = async ({ log, database }: ReindexOptions): Promise<number> =>
  (await database.watermarks()).get(log.config.name) ?? 0;

/** Indexes from `from` to the current end of the log. Gives the size through which the index is complete. */
async function indexToHead(options: ReindexOptions, from: number): Promise<Result<number, string>> {
  const { log, database, onProgress } = options;
  const { name } = log.config;
  const size = await readTreeSize(log);
  if (!size.ok) return size;
  let indexed = from;
  while (indexed < size.value) {
    const rows = await readBatch(log, { indexed, size: size.value, batchEntries: database.batchEntries });
    if (!rows.ok) return rows;
    indexed += rows.value.length;
    const isLast = indexed >= size.value;
    const watermark = [raiseWatermark(name, indexed), ...(isLast ? [joinWatermark(name)] : [])];
    await database.run([...insertRows(name, rows.value), ...watermark]);
    onProgress(indexed, size.value);
  }
  return ok(indexed > from ? await watermarkOf(options) : from);
}

interface Batch {
  readonly indexed: number;
  readonly size: number;
  readonly batchEntries: number;
}

/** Reads the next rows, up to the end of a bundle. */
async function readBatch(
  log: ServedLog,
  { indexed, size, batchEntries }: Batch,
): Promise<Result<readonly IndexRow[], string>> {
  const rows: IndexRow[] = [];
  const end = Math.min(size, indexed + batchEntries);
  for (let bundle = Math.floor(indexed / TILE_WIDTH); bundle * TILE_WIDTH < end; bundle++) {
    const read = await readRows(log, bundle, tileWidth(size, 0, bundle));
    if (!read.ok) return read;
    rows.push(...read.value.filter(({ leafIndex }) => leafIndex >= indexed));
  }
  return rows.length > 0 ? ok(rows) : err("the log served no rows");
}
