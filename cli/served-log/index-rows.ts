// SPDX-License-Identifier: Apache-2.0
// The rows of the search index, rebuilt from a served log: from bundles and sidecars, and for the tail, which has no
// sidecar yet, from its entries one by one. The functions that compute terms are the ones that the log itself uses.

import type { LogConfig } from "../../shared/logs/config.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../shared/logs/records.ts";
import type { AttestationHints } from "../../shared/rekor/hints.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SearchRow } from "../../shared/search/row.ts";
import type { UnixMs } from "../../shared/time.ts";
import { parseCheckpoint } from "../../shared/tlog/checkpoint.ts";
import { parseNote } from "../../shared/tlog/note.ts";
import { formatTilePath, TILE_WIDTH } from "../../shared/tlog/tile.ts";
import type { LogSource } from "./log-source.ts";
import { describeProblem, readSidecarLines } from "./sidecar-lines.ts";

/** An entry with its row of the search index. */
export interface IndexRow {
  readonly leafIndex: number;
  readonly timestamp: UnixMs;
  readonly search: SearchRow;
  /** The record of a bundle, without the length prefix of tile/entries. */
  readonly record: Uint8Array;
  readonly hints: AttestationHints | null;
}

/** A log with the two places where it is read: its own URL, and the URL of the service (`/api/…`). */
export interface ServedLog {
  readonly config: LogConfig;
  readonly tiles: LogSource;
  readonly service: LogSource;
}

/** Far more than 256 entries of 32 KiB. */
const MAX_BUNDLE_BYTES = 32 * 1024 * 1024;
const MAX_CHECKPOINT_BYTES = 512 * 1024;

/** Reads the size of the log. The error is a line for the operator. */
export async function readTreeSize({ config, tiles }: ServedLog): Promise<Result<number, string>> {
  const note = await readAll(tiles, "checkpoint", MAX_CHECKPOINT_BYTES);
  if (!note.ok) return err(`${config.baseUrl}/${note.error}`);
  const parsed = parseNote(note.value);
  const checkpoint = parsed.ok ? parseCheckpoint(parsed.value.text) : parsed;
  return checkpoint.ok ? ok(checkpoint.value.treeSize) : err(`${config.baseUrl}/checkpoint is not a checkpoint`);
}

/** Reads the rows of the first `width` entries of a bundle. The error is a line for the operator. */
export async function readRows(
  log: ServedLog,
  bundle: number,
  width: number,
): Promise<Result<readonly IndexRow[], string>> {
  const { config, tiles } = log;
  const path = formatTilePath({ level: LOG_KINDS[config.kind].bundleLevel, index: bundle, width });
  const bytes = await readAll(tiles, path, MAX_BUNDLE_BYTES);
  if (!bytes.ok) return err(`${config.baseUrl}/${bytes.error}`);
  const rows = await toRows(log, bytes.value, bundle);
  if (!rows.ok) return err(`${config.baseUrl}/${path}: ${rows.error}`);
  return rows.value.length === width
    ? rows
    : err(`${config.baseUrl}/${path} has ${rows.value.length} entries, not ${width}`);
}

async function readAll(source: LogSource, path: string, maxBytes: number): Promise<Result<Uint8Array, string>> {
  const fetched = await source.read(path, maxBytes);
  if (fetched.kind === "found") return ok(fetched.bytes);
  return err(fetched.kind === "missing" ? `${path} is missing` : `${path} cannot be read (${fetched.reason})`);
}

async function toRows(log: ServedLog, bytes: Uint8Array, bundle: number): Promise<Result<readonly IndexRow[], string>> {
  const { kind } = log.config;
  const { split, searchRow, timestamp: timestampIn } = LOG_RECORDS[kind];
  const records = split(bytes);
  if (records === null) return err("is not a bundle");
  const { service, config } = log;
  const part = { bundle, width: records.length };
  const lines = LOG_KINDS[kind].hasSidecars ? await readSidecarLines(service, config, part) : ok([]);
  if (!lines.ok) return err(describeProblem(lines.error));
  const rows: IndexRow[] = [];
  for (const [i, record] of records.entries()) {
    const line = lines.value[i];
    const leafIndex = bundle * TILE_WIDTH + i;
    const hints = line?.hints ?? null;
    const timestamp = line?.timestamp ?? timestampIn(record);
    const search = searchRow(record, hints);
    if (timestamp === null || search === null)
      return err(`entry ${leafIndex} has a format that this version does not support`);
    rows.push({ leafIndex, timestamp, search, record, hints });
  }
  return ok(rows);
}
