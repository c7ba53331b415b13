// SPDX-License-Identifier: Apache-2.0
// Rebuilds the search index of one log from what the log serves, from where the index is complete to the end of the log. The
// index itself says how far it is, so that it can be interrupted anywhere; rows are written before the watermark is raised.

import { err, ok, type Result } from "../../shared/result.ts";
import { TILE_WIDTH, tileWidth } from "../../shared/tlog/tile.ts";
import type { IndexDatabase } from "./databases.ts";
import { type IndexRow, readRows, readTreeSize, type ServedLog } from "./index-rows.ts";
import { clearLog, insertRows, joinWatermark, raiseWatermark } from "./sql.ts";

export interface ReindexOptions {
  readonly log: ServedLog;
  readonly database: IndexDatabase;
  /** Whether what is there is thrown away first. */
  readonly isFresh: boolean;
  readonly onProgress: (done: number, total: number) => void;
}

export interface Reindexed {
  /** How far the index was complete before. */
  readonly from: number;
  /** How far it is now; the log may have fed it beyond what was read. */
  readonly to: number;
}

/** Rejects with DatabaseError if the database fails; the error is a line for the operator. */
export async function reindex({
  log,
  database,
  isFresh,
  onProgress,
}: ReindexOptions): Promise<Result<Reindexed, string>> {
  const { name } = log.config;
  if (isFresh) await database.run(clearLog(name));
  const from = (await database.watermarks()).get(name) ?? 0;
  const size = await readTreeSize(log);
  if (!size.ok) return size;
  let indexed = from;
  while (indexed < size.value) {
    const rows = await readBatch(log, { indexed, size: size.value, batchEntries: database.batchEntries });
    if (!rows.ok) return rows;
    indexed += rows.value.length;
    await database.run([...insertRows(name, rows.value), raiseWatermark(name, indexed)]);
    onProgress(indexed, size.value);
  }
  if (indexed > 0) await database.run([joinWatermark(name)]);
  return ok({ from, to: (await database.watermarks()).get(name) ?? 0 });
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
