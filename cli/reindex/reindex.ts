// SPDX-License-Identifier: Apache-2.0
// Rebuilds the search index of one log from what the log serves, from where the index is complete to the end of the log. The
// index itself says how far it is, so that it can be interrupted anywhere; rows are written before the watermark is raised.

import { err, ok, type Result } from "../../shared/result.ts";
import { TILE_WIDTH, tileWidth } from "../../shared/tlog/tile.ts";
import { type IndexRow, readRows, readTreeSize, type ServedLog } from "../served-log/index-rows.ts";
import type { IndexDatabase } from "./databases.ts";
import { clearLog, clearOtherVersions, insertRows, joinWatermark, raiseWatermark } from "./sql.ts";

export interface ReindexOptions {
  readonly log: ServedLog;
  readonly database: IndexDatabase;
  /** Whether what is there is thrown away first. */
  readonly isFresh: boolean;
  readonly onProgress: (done: number, total: number) => void;
  /** Resolves when a checkpoint that is read has every entry that was there when the command began. */
  readonly settled: () => Promise<void>;
}

/** A checkpoint is kept for 1 s by the isolate that read it, and for 1 s by whoever stands between. */
export const HEAD_AGE_MS = 3000;

export interface Reindexed {
  /** How far the index was complete before. */
  readonly from: number;
  /** How far it is now; the log may have fed it beyond what was read. */
  readonly to: number;
}

/**
 * Rejects with DatabaseError if the database fails; the error is a line for the operator.
 *
 * The log goes on feeding from a cursor of its own, and raises the watermark only if no gap lies below. So the last pass has
 * to reach that cursor: it reads a head that holds all that was fed before the command began, and what is fed since is there,
 * from the cursor on without a hole. joinWatermark takes it in, and from then on the log itself raises the watermark.
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

/** Indexes from `from` to the log's end as it is now; gives how far the index is complete. */
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

/** The next rows, up to the end of a bundle. */
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
  return rows.length > 0 ? ok(rows) : err("the log gives no rows");
}
