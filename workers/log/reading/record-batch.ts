// SPDX-License-Identifier: Apache-2.0
// Reads entries in their order for whoever follows a log: a full bundle once for all of its entries, the tail entry by
// entry. What one call returns is limited in number and in bytes.

import { objectKey } from "../../../shared/logs/config.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../../shared/logs/records.ts";
import { openSidecar, sidecarPath } from "../../../shared/rekor/sidecar.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { EntryError, RecordBatch } from "../../../shared/rpc/log-reads.ts";
import type { TailEntry } from "../../../shared/rpc/sequencer.ts";
import { formatTilePath, TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { ReadingConfig } from "../env.ts";
import { type LogSite, siteByName } from "../sites.ts";
import { type LogReader, type ReadError, readEntry } from "./log-reader.ts";

/** As many as one round appends. */
const MAX_ENTRIES = 64;
const MAX_BYTES = 1_048_576;

/** Reads a batch of the log with this name. Logs what is damaged. */
export async function readRecords(
  config: ReadingConfig,
  name: string,
  from: number,
): Promise<Result<RecordBatch, EntryError>> {
  const site = siteByName(config, name);
  if (site === null || !Number.isSafeInteger(from) || from < 0) return err({ code: "entry_log_unknown" });
  const read = await readBatch(site, config, from);
  if (read.ok) return read;
  console.error(JSON.stringify({ ...read.error, log: name, from }));
  return err({ code: "entry_unreadable" });
}

async function readBatch(
  { log, tail }: LogSite,
  { objects }: Pick<ReadingConfig, "objects">,
  from: number,
): Promise<Result<RecordBatch, ReadError>> {
  const reader = { log, tail, objects, admit: () => Promise.resolve(true) };
  const head = await tail.readHead(reader.admit);
  if (!head.ok) return head;
  const { treeSize } = head.value;
  const bundleEnd = (Math.floor(from / TILE_WIDTH) + 1) * TILE_WIDTH;
  const end = Math.min(treeSize, bundleEnd, from + MAX_ENTRIES);
  if (from >= end) return ok({ treeSize, entries: [] });
  const entries = bundleEnd <= treeSize ? await readBundle(reader, from, end) : null;
  if (entries !== null && !entries.ok) return entries;
  const found = entries?.value ?? null;
  const read = found === null ? await readTail(reader, from, end) : ok(found);
  return read.ok ? ok({ treeSize, entries: limitBytes(read.value) }) : read;
}

/** Reads entries of a full bundle. Null if R2 does not have it yet. */
async function readBundle(
  { log, objects }: LogReader,
  from: number,
  end: number,
): Promise<Result<readonly TailEntry[] | null, ReadError>> {
  const { bundleLevel, hasSidecars } = LOG_KINDS[log.kind];
  const { split, timestamp } = LOG_RECORDS[log.kind];
  const index = Math.floor(from / TILE_WIDTH);
  const key = objectKey(log, formatTilePath({ level: bundleLevel, index, width: TILE_WIDTH }));
  const bundle = await objects.get(key);
  if (bundle === null) return ok(null);
  const sidecarKey = objectKey(log, sidecarPath(index));
  const sidecar = hasSidecars ? await objects.get(sidecarKey) : null;
  if (hasSidecars && sidecar === null) return err({ code: "object_missing", key: sidecarKey });
  const readLine = sidecar === null ? null : openSidecar(sidecar);
  const entries: TailEntry[] = [];
  const records = split(bundle);
  for (let leafIndex = from; leafIndex < end; leafIndex++) {
    const record = records?.[leafIndex % TILE_WIDTH];
    const own = record === undefined ? null : timestamp(record);
    const line = readLine?.(leafIndex % TILE_WIDTH) ?? (own === null ? null : { timestamp: own, hints: null });
    if (record === undefined || line === null) return err({ code: "object_damaged", key });
    entries.push({ record, ...line });
  }
  return ok(entries);
}

async function readTail(
  reader: LogReader,
  from: number,
  end: number,
): Promise<Result<readonly TailEntry[], ReadError>> {
  const reads = await Promise.all(Array.from({ length: end - from }, (_, i) => readTailEntry(reader, from + i)));
  const entries: TailEntry[] = [];
  for (const read of reads) {
    if (!read.ok) return read;
    entries.push(read.value);
  }
  return ok(entries);
}

/** Asks the sequencer first: R2 has no entry of the tail, and a question to it costs. */
async function readTailEntry(reader: LogReader, leafIndex: number): Promise<Result<TailEntry, ReadError>> {
  const answer = await reader.tail.readEntry(reader.admit, leafIndex);
  if (!answer.ok) return answer;
  return answer.value.kind === "found" ? ok(answer.value.value) : await readEntry(reader, leafIndex);
}

/** The first entries that fit, but at least one. */
function limitBytes(entries: readonly TailEntry[]): readonly TailEntry[] {
  let bytes = 0;
  const end = entries.findIndex(({ record }, i) => {
    bytes += record.length;
    return i > 0 && bytes > MAX_BYTES;
  });
  return end < 0 ? entries : entries.slice(0, end);
}
