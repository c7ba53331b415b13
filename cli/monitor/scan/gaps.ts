// SPDX-License-Identifier: Apache-2.0
// The gaps of a log: entries whose hashes are in the tree, and which could not be read. Every pass tries them again;
// only the entries with those hashes fill a gap.

import { sha256 } from "#sha256";
import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { formatTilePath, TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { LogSource } from "../../served-log/log-source.ts";
import { MAX_BUNDLE_BYTES } from "../../served-log/tree.ts";
import type { Gap, LogState } from "../state/state.ts";
import { type ReadEntry, readBundle, readEntry } from "./watched-bundle.ts";

/** Gaps that a log may have. The scan stops at one more, so that the state stays small. */
export const MAX_GAPS = 1000;
/** A log that serves nothing of its history must not keep a pass from its newest entries. */
const MAX_RETRIES = 50;

/** The hash by which a gap knows its entries. */
export const hashOfLeaves = (leafHashes: Uint8Array): string => encodeBase64(sha256(leafHashes));

/** The gaps that are left, and the entries of those that were filled. */
export interface Refilled {
  readonly gaps: readonly Gap[];
  readonly entries: readonly ReadEntry[];
}

/** Reads the oldest gaps again. */
export async function readGaps(log: LogState, source: LogSource): Promise<Refilled> {
  const gaps: Gap[] = [];
  const entries: ReadEntry[] = [];
  for (const [i, gap] of log.gaps.entries()) {
    const filled = i < MAX_RETRIES ? await readGap(log, source, gap) : null;
    if (filled === null) gaps.push(gap);
    else entries.push(...filled);
  }
  return { gaps, entries };
}

async function readGap(log: LogState, source: LogSource, gap: Gap): Promise<readonly ReadEntry[] | null> {
  const index = Math.floor(gap.from / TILE_WIDTH);
  const firstIndex = index * TILE_WIDTH;
  for (const width of [TILE_WIDTH, gap.to - firstIndex]) {
    const path = formatTilePath({ level: LOG_KINDS[log.kind].bundleLevel, index, width });
    const fetched = await source.read(path, MAX_BUNDLE_BYTES);
    if (fetched.kind !== "found") continue;
    const task = {
      path,
      bytes: fetched.bytes,
      firstIndex,
      servedWidth: width,
      width: gap.to - firstIndex,
      lines: null,
    };
    const { records, leafHashes } = readBundle(log, { cursor: gap.from, task });
    if (hashOfLeaves(leafHashes) === gap.leaves) return records.map((record) => readEntry(log, record));
  }
  return null;
}
