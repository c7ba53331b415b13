// SPDX-License-Identifier: Apache-2.0
// Reads one bundle of entries for a monitor: hashes each entry, and parses it when its turn comes. An entry that cannot
// be parsed is reported and hides no other.

import { concat } from "../../../shared/bytes/bytes.ts";
import type { LogKind } from "../../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../../shared/logs/records.ts";
import { type EntryProblem, toWatchedEntry, type WatchedEntry } from "../../../shared/monitor/entry.ts";
import type { SidecarLine } from "../../../shared/rekor/sidecar.ts";
import { ok } from "../../../shared/result.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import type { BundleTask, CheckedBundle } from "../../served-log/tree.ts";
import type { HintsOfEntries, ReadHints } from "./hints.ts";

/** A log whose entries are watched. */
export interface WatchedLog {
  readonly origin: string;
  readonly kind: LogKind;
}

/** One new entry, or why it cannot be parsed. */
export type ReadEntry =
  | { readonly kind: "entry"; readonly entry: WatchedEntry }
  | { readonly kind: "problem"; readonly index: number; readonly problem: EntryProblem };

/** A record that was hashed, and not parsed yet. */
interface HashedRecord {
  readonly index: number;
  readonly record: Uint8Array;
  /** The line of the log's service about it; null if that is not known. */
  readonly line: SidecarLine | null;
}

/** A bundle with the records that are new. */
export interface WatchedBundle extends CheckedBundle {
  readonly records: readonly HashedRecord[];
}

/** A bundle, and what the log's service says about its records. */
export interface HintedBundle extends WatchedBundle {
  /** Why the service does not say it; null if it does, or if nobody asks for it. */
  readonly hintsProblem: string | null;
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
    if (firstIndex + i >= cursor) records.push({ index: firstIndex + i, record, line: null });
  }
  return { leafHashes: concat(...hashes), records, findings: [] };
}

/** Adds what the service of the log says about the records. Without it, they are watched by what their leaves hold. */
export async function addHints(bundle: WatchedBundle, read: ReadHints | null): Promise<HintedBundle> {
  const [first] = bundle.records;
  const { length } = bundle.records;
  const lines: HintsOfEntries =
    read === null || first === undefined ? ok([]) : await read({ from: first.index, to: first.index + length });
  if (!lines.ok) return { ...bundle, hintsProblem: lines.error };
  const records = bundle.records.map(({ index, record }, i) => ({ index, record, line: lines.value[i] ?? null }));
  return { ...bundle, records, hintsProblem: null };
}

/** Parses a record. */
export function readEntry({ origin, kind }: WatchedLog, { index, record, line }: HashedRecord): ReadEntry {
  const { timestamp: at, hints } = line ?? { timestamp: null, hints: null };
  const entry = toWatchedEntry(record, { log: origin, kind, index, at, hints });
  return entry.ok ? { kind: "entry", entry: entry.value } : { kind: "problem", index, problem: entry.error };
}

const rejectMalformed = (path: string, reason: string): WatchedBundle => ({
  leafHashes: new Uint8Array(0),
  records: [],
  findings: [{ code: "bundle_malformed", path, reason }],
});
