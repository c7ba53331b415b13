// SPDX-License-Identifier: Apache-2.0
// Reads what R2 does not have yet. A partial tile or bundle is a prefix of a longer one, so it is cut from the rows and
// never stored. For what R2 has, the caller is sent to R2.

import type { TailAnswer, TailEntry } from "../../../shared/rpc/sequencer.ts";
import type { Edge } from "../../../shared/tlog/edge.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { encodeTile, nodesAtLevel, TILE_WIDTH, tileWidth } from "../../../shared/tlog/tile.ts";
import type { LogFormat } from "../kinds/kind.ts";
import type { LogStorage } from "../storage.ts";
import type { StateRow } from "./state.ts";

/** The rows of the tail: the log's own, or those of a backup. */
export type TailRows = Pick<LogStorage, "readRecords" | "readSidecarLines" | "readLeafHashes" | "readEdgeTile">;

/** The inputs of a tail read. */
export interface TailDeps {
  readonly storage: TailRows;
  readonly format: LogFormat;
  readonly state: StateRow;
  readonly edge: Edge;
}

const BEYOND = { kind: "beyond" } as const;
const PUBLISHED = { kind: "published" } as const;

/** Reads the first `width` hashes of a tile. Throws RangeError for arguments that no valid path gives. */
export function readTile(deps: TailDeps, level: number, tileIndex: number, width: number): TailAnswer<Uint8Array> {
  checkArguments(tileIndex, width);
  const { state } = deps;
  if (width > tileWidth(state.treeSize, level, tileIndex)) return BEYOND;
  if ((tileIndex + 1) * TILE_WIDTH ** level <= state.publishedTiles) return PUBLISHED;
  return { kind: "found", value: encodeTile(hashesOf(deps, level, tileIndex).slice(0, width)) };
}

function hashesOf({ storage, state, edge }: TailDeps, level: number, tileIndex: number): readonly Hash[] {
  const isOpen = tileIndex === Math.floor(nodesAtLevel(state.treeSize, level) / TILE_WIDTH);
  if (isOpen) return edge.tiles[level]?.[0] ?? [];
  if (level === 0) return storage.readLeafHashes(tileIndex * TILE_WIDTH, (tileIndex + 1) * TILE_WIDTH);
  const stored = storage.readEdgeTile(level, tileIndex);
  if (stored === null) throw new RangeError(`tile ${tileIndex} of level ${level} is neither stored nor published`);
  return stored;
}

/** Reads the first `width` records of a bundle, encoded as in the bundle. Throws RangeError as readTile does. */
export function readBundle(deps: TailDeps, bundleIndex: number, width: number): TailAnswer<Uint8Array> {
  checkArguments(bundleIndex, width);
  const { storage, format, state } = deps;
  if (width > tileWidth(state.treeSize, 0, bundleIndex)) return BEYOND;
  if (bundleIndex < state.publishedTiles) return PUBLISHED;
  const from = bundleIndex * TILE_WIDTH;
  return { kind: "found", value: format.encodeBundle(storage.readRecords(from, from + width)) };
}

/** Reads one entry. Throws RangeError as readTile does. */
export function readEntry({ storage, state }: TailDeps, leafIndex: number): TailAnswer<TailEntry> {
  checkArguments(leafIndex, 1);
  if (leafIndex >= state.treeSize) return BEYOND;
  if (leafIndex < state.publishedTiles * TILE_WIDTH) return PUBLISHED;
  const [record] = storage.readRecords(leafIndex, leafIndex + 1);
  const [line] = storage.readSidecarLines(leafIndex, leafIndex + 1);
  if (record === undefined || line === undefined) throw new RangeError(`entry ${leafIndex} is missing`);
  return { kind: "found", value: { record, ...line } };
}

function checkArguments(index: number, width: number): void {
  const isSound = Number.isSafeInteger(index) && index >= 0 && Number.isSafeInteger(width) && width >= 1;
  if (!isSound || width > TILE_WIDTH) throw new RangeError(`no tile: index ${index}, width ${width}`);
}
