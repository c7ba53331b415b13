// SPDX-License-Identifier: Apache-2.0
// Describes what an operator must do about a log or its part of the search index, in sentences: for /healthz, and for
// the page of the logs.

import type { Watermark } from "../search/watermark.ts";
import { formatRfc3339, type UnixMs } from "../time.ts";
import type { LogConfig } from "./config.ts";

/** Early enough to open another log, which needs a hostname. */
const NEARLY_FULL_PERCENT = 80;
/** More than the backlog of a busy minute. */
const MAX_LAG = 10_000;

/** The part of a log's description that a problem shows in. */
export interface LogCondition {
  readonly frozenAt: UnixMs | null;
  readonly state: string;
  readonly reason: string | null;
  /** Absent where an older sequencer is deployed apart. */
  readonly storageBytes?: number;
  readonly storageLimitBytes?: number;
}

/**
 * Describes what an operator must do about a log that is frozen against the settings, full, or nearly so. Null if
 * nothing.
 */
export function describeLogProblem({ name, isFrozen }: LogConfig, log: LogCondition): string | null {
  if (log.frozenAt !== null) {
    if (isFrozen) return null;
    return `the log ${name} has been frozen since ${formatRfc3339(log.frozenAt)}, permanently: freeze it in SHARDS again`;
  }
  if (log.state === "full" || log.state === "over_quota") return `the log ${name} takes no entries: ${log.reason}`;
  const percent = Math.floor((100 * (log.storageBytes ?? 0)) / (log.storageLimitBytes ?? 1));
  return percent < NEARLY_FULL_PERCENT
    ? null
    : `the storage of the log ${name} is ${percent} % full, and at 95 % it takes no more entries: open another log of its kind in SHARDS`;
}

/** The search index beside one log. */
export interface SearchLag {
  /** Entries that the index does not have. */
  readonly entries: number;
  /** A sentence that says what an operator must do, null if there is nothing to do. */
  readonly problem: string | null;
}

/** The sizes of a log and of its part of the index, as the log reports them. */
export interface IndexedSizes {
  readonly treeSize: number;
  readonly indexedEntries: number;
  /** Absent where an older sequencer is deployed apart. */
  readonly creation?: string | null;
}

/** Compares a log with what the index has of it. @param watermark null if the index has nothing of it */
export function searchLagOf(
  name: string,
  { treeSize, indexedEntries, creation }: IndexedSizes,
  watermark: Pick<Watermark, "size" | "creation"> | null,
): SearchLag {
  const { size, creation: stored } = watermark ?? { size: 0, creation: null };
  const isOther = typeof creation === "string" && stored !== null && stored !== creation;
  if (isOther || size > treeSize) {
    const problem = `the search index holds rows of another log called ${name}: run npx sigedge reindex`;
    return { entries: treeSize, problem };
  }
  const entries = treeSize - size;
  if (size < indexedEntries) {
    const problem = `the search index has lost entries of the log ${name} (it has ${size} of ${treeSize}): the log restores them from its next entry on; npx sigedge reindex does it now`;
    return { entries, problem };
  }
  const problem =
    entries > MAX_LAG
      ? `the search index is ${entries} entries behind the log ${name}: see whether D1 is full, or its daily rows are used up`
      : null;
  return { entries, problem };
}
