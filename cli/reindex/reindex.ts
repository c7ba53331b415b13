// SPDX-License-Identifier: Apache-2.0
// Rebuilds the search index of one log, from where the index is complete to the end of the log. The index itself
// holds that size, its watermark, and rows are written before the watermark is raised, so the work can be interrupted
// anywhere.

import { err, ok, type Result } from "../../shared/result.ts";
import { TILE_WIDTH, tileWidth } from "../../shared/tlog/tile.ts";
import { type IndexRow, readRows, readTreeSize, type ServedLog } from "../served-log/index-rows.ts";
import { clearLog, clearOtherVersions } from "./clearing.ts";
import { type IndexDatabase, readWatermark } from "./databases.ts";
import { appendEntries } from "./sql.ts";

/** A log and its index. */
export interface ReindexOptions {
  readonly log: ServedLog;
  readonly database: IndexDatabase;
  /** The log's `creation`; null if the service does not say. Rows of another log are removed first. */
  readonly creation: string | null;
  /** Whether to empty the index first, once all that it is made of has been read. */
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
 * Meanwhile the log feeds the index too. Both append only what continues the index, so neither leaves a gap, and a log
 * that finds the index shorter than it thought goes back to its end. The second pass reads a head that includes
 * everything fed before the command began: an idle log would not notice that it is missing.
 */
export async function reindex(options: ReindexOptions): Promise<Result<Reindexed, string>> {
  const { log, database, creation, isFresh, settled } = options;
  const { name } = log.config;
  const before = await readWatermark(database, name);
  const isForeign = (before?.creation ?? creation) !== creation && creation !== null;
  if (isFresh || isForeign) {
    const readable = await readWhole(options);
    if (!readable.ok) return readable;
    await clearLog(database, name);
  } else {
    await clearOtherVersions(database, name, before?.creation ?? creation);
  }
  const from = await readSize(options);
  const first = await indexUpToHead(options, from);
  if (!first.ok) return first;
  await settled();
  const second = await indexUpToHead(options, first.value);
  return second.ok ? ok({ from, to: second.value }) : second;
}

const readSize = async ({ log, database }: ReindexOptions): Promise<number> =>
  (await readWatermark(database, log.config.name))?.size ?? 0;

/** Reads all that the index is made of, so that nothing is removed that cannot be made again. */
async function readWhole({ log, database, onProgress }: ReindexOptions): Promise<Result<null, string>> {
  const size = await readTreeSize(log);
  if (!size.ok) return size;
  for (let read = 0; read < size.value; ) {
    const rows = await readBatch(log, { indexed: read, size: size.value, batchEntries: database.batchEntries });
    if (!rows.ok) return err(`${rows.error}; the index is as it was`);
    read += rows.value.length;
    onProgress(read, size.value);
  }
  return ok(null);
}

/** Indexes from `from` to the current end of the log. Gives the size through which the index is complete. */
async function indexUpToHead(options: ReindexOptions, from: number): Promise<Result<number, string>> {
  const { log, database, creation, onProgress } = options;
  const { name } = log.config;
  const size = await readTreeSize(log);
  if (!size.ok) return size;
  let indexed = from;
  while (indexed < size.value) {
    const rows = await readBatch(log, { indexed, size: size.value, batchEntries: database.batchEntries });
    if (!rows.ok) return rows;
    await database.run(appendEntries({ name, creation }, rows.value));
    const reached = await readSize(options);
    if (reached <= indexed) return err(`the index of the ${name} log stays at ${indexed} entries`);
    indexed = reached;
    onProgress(Math.min(indexed, size.value), size.value);
  }
  return ok(indexed);
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
