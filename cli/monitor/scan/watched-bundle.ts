// SPDX-License-Identifier: Apache-2.0
// Reads one bundle of entries for a monitor: hashes each entry, parses it and asks the selectors. An entry that cannot
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

/** A bundle with its new entries. */
export interface WatchedBundle extends CheckedBundle {
  readonly entries: readonly ReadEntry[];
}

/** Reads the entries of a bundle from `cursor` on. Hashes all of them. */
export function readBundle(
  log: WatchedLog,
  { cursor, task }: { readonly cursor: number; readonly task: BundleTask },
): WatchedBundle {
  const { path, bytes, firstIndex, servedWidth, width } = task;
  const records = LOG_RECORDS[log.kind].split(bytes);
  if (records === null) return rejectMalformed(path, "it is not a bundle of entries");
  if (records.length !== servedWidth)
    return rejectMalformed(path, `it has ${records.length} entries, not ${servedWidth}`);
  const hashes: Uint8Array[] = [];
  const entries: ReadEntry[] = [];
  for (const [i, record] of records.slice(0, width).entries()) {
    const data = LOG_RECORDS[log.kind].leafData(record);
    if (data === null) return rejectMalformed(path, `entry ${firstIndex + i} cannot be hashed`);
    hashes.push(leafHash(data));
    if (firstIndex + i >= cursor) entries.push(readEntry(log, firstIndex + i, record, task.lines?.[i] ?? null));
  }
  return { leafHashes: concat(...hashes), entries, findings: [] };
}

function readEntry(
  log: WatchedLog,
  index: number,
  record: Uint8Array,
  line: NonNullable<BundleTask["lines"]>[number] | null,
): ReadEntry {
  const place = { log: log.origin, kind: log.kind, index, at: line?.timestamp ?? null, hints: line?.hints ?? null };
  const entry = toWatchedEntry(record, place);
  return entry.ok ? { kind: "entry", entry: entry.value, record } : { kind: "problem", index, problem: entry.error };
}

const rejectMalformed = (path: string, reason: string): WatchedBundle => ({
  leafHashes: new Uint8Array(0),
  entries: [],
  findings: [{ code: "bundle_malformed", path, reason }],
});
