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
import type { ReadHints } from "./hints.ts";
import { addHints, type ReadEntry, readBundle, readEntry } from "./watched-bundle.ts";

/** Gaps that a log may have. The scan stops at one more, so that the state stays small. */
export const MAX_GAPS = 1000;

/**
 * The gaps with one more of hints, for which no scan stops: a service that is silent must not hide entries. Where there
 * is no place for it, the last one grows, and nothing fills it any more.
 */
export function withGapOfHints(gaps: readonly Gap[], gap: Gap): readonly Gap[] {
  const last = gaps.at(-1);
  if (gaps.length < MAX_GAPS || last === undefined) return [...gaps, gap];
  return [...gaps.slice(0, -1), { ...last, to: gap.to, leaves: "" }];
}
/** A log that serves nothing of its history must not keep a pass from its newest entries. */
const MAX_RETRIES = 50;

/** The hash by which a gap knows its entries. */
export const hashOfLeaves = (leafHashes: Uint8Array): string => encodeBase64(sha256(leafHashes));

/** The gaps that are left, and the entries of those that were filled. */
export interface Refilled {
  readonly gaps: readonly Gap[];
  readonly entries: readonly ReadEntry[];
}

/** Where gaps are read again. */
interface GapSource {
  readonly source: LogSource;
  /** Null if nobody asks for hints: then a gap of hints is none. */
  readonly readHints: ReadHints | null;
}

/** Reads the oldest gaps again. */
export async function readGaps(log: LogState, from: GapSource): Promise<Refilled> {
  const gaps: Gap[] = [];
  const entries: ReadEntry[] = [];
  const asked = log.gaps.filter(({ lacks }) => lacks === "entries" || from.readHints !== null);
  for (const [i, gap] of asked.entries()) {
    const filled = i < MAX_RETRIES ? await readGap(log, from, gap) : null;
    if (filled === null) gaps.push(gap);
    else {
      entries.push(...filled.entries);
      if (filled.hintsProblem !== null) gaps.push({ ...gap, reason: filled.hintsProblem, lacks: "hints" });
    }
  }
  return { gaps, entries };
}

interface Filled {
  readonly entries: readonly ReadEntry[];
  readonly hintsProblem: string | null;
}

async function readGap(log: LogState, { source, readHints }: GapSource, gap: Gap): Promise<Filled | null> {
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
    const bundle = readBundle(log, { cursor: gap.from, task });
    if (hashOfLeaves(bundle.leafHashes) !== gap.leaves) continue;
    const { records, hintsProblem } = await addHints(bundle, readHints);
    // Entries that lack hints alone were watched without them before.
    const isOld = gap.lacks === "hints" && hintsProblem !== null;
    return { entries: isOld ? [] : records.map((record) => readEntry(log, record)), hintsProblem };
  }
  return null;
}
