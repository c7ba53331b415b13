// SPDX-License-Identifier: Apache-2.0
// Tiles and their paths. Knows neither HTTP nor storage. Spec: https://c2sp.org/tlog-tiles

import { concat } from "../bytes/bytes.ts";
import { err, ok, type Result } from "../result.ts";
import { type Hash, hash, nodeHash } from "./hash.ts";

/** Hashes in a full tile, entries in a full bundle. */
export const TILE_WIDTH = 256;
/** A tile spans eight levels of the tree. */
export const TILE_HEIGHT = 8;

export interface Tile {
  /** 0 to 6, or an entry bundle: `entries` (tlog-tiles) or `data` (static-ct-api). */
  readonly level: number | "entries" | "data";
  readonly index: number;
  /** 1 to 256. A tile of fewer than 256 is partial. */
  readonly width: number;
}

export interface TilePathError {
  readonly code: "tile_path_invalid";
}

/** Formats `tile/<L>/<N>[.p/<W>]`, with N in groups of three digits: 1234067 → `x001/x234/067`. */
export function formatTilePath({ level, index, width }: Tile): string {
  const partial = width === TILE_WIDTH ? "" : `.p/${width}`;
  return `tile/${level}/${formatTileIndex(index)}${partial}`;
}

function formatTileIndex(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? [];
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join("/");
}

// A tile of level 7 needs 256^7 = 2^56 leaves, more than a safe integer holds.
const PATH = /^tile\/([0-6]|entries|data)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/**
 * Parses exactly what formatTilePath prints: no leading zeros, no empty groups, width 1 to 255 for a partial tile.
 * Fails with tile_path_invalid.
 */
export function parseTilePath(path: string): Result<Tile, TilePathError> {
  const match = PATH.exec(path);
  if (match === null) return err({ code: "tile_path_invalid" });
  const [, kind = "", groups = "", partial] = match;
  const level = kind === "entries" || kind === "data" ? kind : Number(kind);
  const index = Number(groups.replace(/[x/]/g, ""));
  const tile: Tile = { level, index, width: partial === undefined ? TILE_WIDTH : Number(partial) };
  // The round trip rejects x000/001 and widths of 256 and more.
  const isCanonical = Number.isSafeInteger(index) && tile.width <= TILE_WIDTH && formatTilePath(tile) === path;
  return isCanonical ? ok(tile) : err({ code: "tile_path_invalid" });
}

/** Concatenates the hashes of a tile. */
export const encodeTile = (hashes: readonly Hash[]): Uint8Array<ArrayBuffer> => concat(...hashes);

/**
 * Splits the bytes of a tile into its hashes. Throws RangeError if the last hash is incomplete: the store is damaged.
 */
export function decodeTile(bytes: Uint8Array): readonly Hash[] {
  return Array.from({ length: Math.ceil(bytes.length / 32) }, (_, i) => hash(bytes.subarray(32 * i, 32 * i + 32)));
}

/** The number of nodes of a tree at a tile level, each the root of 256^level leaves. */
export const nodesAtLevel = (treeSize: number, level: number): number => Math.floor(treeSize / TILE_WIDTH ** level);

/** The width of a tile in a tree of `treeSize` leaves: 0 (the tile does not exist) to 256. */
export function tileWidth(treeSize: number, level: number, index: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, nodesAtLevel(treeSize, level) - index * TILE_WIDTH));
}

/** The root of a full tile: its node one level up. Throws RangeError for any width but 256. */
export function fullTileRoot(hashes: readonly Hash[]): Hash {
  let row = hashes;
  while (row.length > 1) row = row.flatMap((left, i) => (i % 2 === 0 ? [nodeHash(left, row[i + 1] ?? left)] : []));
  const [root] = row;
  if (root === undefined || hashes.length !== TILE_WIDTH)
    throw new RangeError(`a full tile of ${hashes.length} hashes`);
  return root;
}
