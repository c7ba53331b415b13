// SPDX-License-Identifier: Apache-2.0
// Reads one bundle of entries for a monitor: hashes each entry, and parses it when its turn comes. An entry that cannot
// be parsed is reported and hides no other.

import { concat } from "../../../shared/bytes/bytes.ts";
import type { LogKind } from "../../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../../shared/logs/records.ts";
import { type EntryProblem, toWatchedEntry, type WatchedEntry } from "../../../shared/monitor/entry.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import type { BundleTask, CheckedBundle } from "../../served-log/tree.ts";

/** A log whose entries are watched. */
export interface WatchedLog {
  readonly origin: string;
  readonly kind: LogKind;
}

/** One new entry, or why it cannot be parsed. */
export type ReadEntry =
  | { readonly kind: "entry"; readonly entry: WatchedEntry; readonly record: Uint8Array }
  | { readonly kind: "problem"; readonly index: number; readonly problem: EntryProblem };

/** A record that was hashed, and not parsed yet. */
interface HashedRecord {
  readonly index: number;
  readonly record: Uint8Array;
}

/** A bundle with the records that are new. */
export interface WatchedBundle extends CheckedBundle {
  readonly records: readonly HashedRecord[];
}

/**
 * Hashes the entries of a bundle; of those from `cursor` on it keeps the records. They are parsed one by one later:
 * many bundles are read ahead, and their parsed entries would fill the memory.
 */
export function readBundle(
  log: WatchedLog,
  { cursor, task }: { readonly cursor: number; readonly task: BundleTask },
): WatchedBundle {
  const { path, bytes, firstIndex, servedWidth, width } = task;
  const all = LOG_RECORDS[log.kind].split(bytes);
  if (all === null) return rejectMalformed(path, "it is not a bundle of entries");
  if (all.length !== servedWidth) return rejectMalformed(path, `it has ${all.length} entries, not ${servedWidth}`);
  const hashes: Uint8Array[] = [];
  const records: HashedRecord[] = [];
  for (const [i, record] of all.slice(0, width).entries()) {
    const data = LOG_RECORDS[log.kind].leafData(record);
    if (data === null) return rejectMalformed(path, `entry ${firstIndex + i} cannot be hashed`);
    hashes.push(leafHash(data));
    if (firstIndex + i >= cursor) records.push({ index: firstIndex + i, record });
  }
  return { leafHashes: concat(...hashes), records, findings: [] };
}

/** Parses a record. */
export function readEntry({ origin, kind }: WatchedLog, { index, record }: HashedRecord): ReadEntry {
  const entry = toWatchedEntry(record, { log: origin, kind, index, at: null, hints: null });
  return entry.ok ? { kind: "entry", entry: entry.value, record } : { kind: "problem", index, problem: entry.error };
}

const rejectMalformed = (path: string, reason: string): WatchedBundle => ({
  leafHashes: new Uint8Array(0),
  records: [],
  findings: [{ code: "bundle_malformed", path, reason }],
});
