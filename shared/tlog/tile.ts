// SPDX-License-Identifier: Apache-2.0
// Tiles and their paths. Knows nothing of HTTP or storage. Spec: https://c2sp.org/tlog-tiles

import { concat } from "../bytes/bytes.ts";
import { err, ok, type Result } from "../result.ts";
import { type Hash, hash, nodeHash } from "./hash.ts";

/** Hashes in a full tile, entries in a full bundle. */
export const TILE_WIDTH = 256;
/** A tile spans eight levels of the tree. */
export const TILE_HEIGHT = 8;

export interface Tile {
  /** 0 to 6, or the bundles of a signature log (`entries`) or of a certificate log (`data`). */
  readonly level: number | "entries" | "data";
  readonly index: number;
  /** 1 to 256; a tile below 256 is partial. */
  readonly width: number;
}

export interface TilePathError {
  readonly code: "tile_path_invalid";
}

/** `tile/<L>/<N>[.p/<W>]`, N in groups of three digits: 1234067 → `x001/x234/067`. */
export function formatTilePath({ level, index, width }: Tile): string {
  const partial = width === TILE_WIDTH ? "" : `.p/${width}`;
  return `tile/${level}/${formatTileIndex(index)}${partial}`;
}

function formatTileIndex(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? [];
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join("/");
}

// 256^8 leaves are more than a safe integer holds, so no tile of ours is above level 6.
const PATH = /^tile\/([0-6]|entries|data)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/**
 * Parses what formatTilePath prints, and nothing else: no leading zeros, no empty groups, width 1 to 255 for a partial tile.
 * Fails with tile_path_invalid.
 */
export function parseTilePath(path: string): Result<Tile, TilePathError> {
  const match = PATH.exec(path);
  if (match === null) return err({ code: "tile_path_invalid" });
  const [, kind = "", groups = "", partial] = match;
  const level = kind === "entries" || kind === "data" ? kind : Number(kind);
  const index = Number(groups.replace(/[x/]/g, ""));
  const tile: Tile = { level, index, width: partial === undefined ? TILE_WIDTH : Number(partial) };
  // The round trip refuses x000/001 and widths of 256 and more.
  const isCanonical = Number.isSafeInteger(index) && tile.width <= TILE_WIDTH && formatTilePath(tile) === path;
  return isCanonical ? ok(tile) : err({ code: "tile_path_invalid" });
}

/** The bytes of a tile: its hashes one after the other. */
export const encodeTile = (hashes: readonly Hash[]): Uint8Array<ArrayBuffer> => concat(...hashes);

/** The hashes of a tile's bytes. Throws RangeError if they are not a whole number of hashes: a damaged store. */
export function decodeTile(bytes: Uint8Array): readonly Hash[] {
  return Array.from({ length: Math.ceil(bytes.length / 32) }, (_, i) => hash(bytes.subarray(32 * i, 32 * i + 32)));
}

/** How many nodes a tree of `treeSize` leaves has at tile level `level`, each the root of 256^level leaves. */
export const nodesAtLevel = (treeSize: number, level: number): number => Math.floor(treeSize / TILE_WIDTH ** level);

/** How wide tile `index` of `level` is in a tree of `treeSize` leaves: 0 (it does not exist) to 256. */
export function tileWidth(treeSize: number, level: number, index: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, nodesAtLevel(treeSize, level) - index * TILE_WIDTH));
}

/** The root of a full tile: what stands for it one level up. Throws RangeError at any other width than 256. */
export function fullTileRoot(hashes: readonly Hash[]): Hash {
  let row = hashes;
  while (row.length > 1) row = row.flatMap((left, i) => (i % 2 === 0 ? [nodeHash(left, row[i + 1] ?? left)] : []));
  const [root] = row;
  if (root === undefined || hashes.length !== TILE_WIDTH)
    throw new RangeError(`a full tile of ${hashes.length} hashes`);
  return root;
}
