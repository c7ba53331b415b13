// SPDX-License-Identifier: Apache-2.0
// Inner nodes of a tree from its tiles: finds the tiles that a proof needs, fetches each once, and hashes the rest.
// Knows neither HTTP nor storage. Spec: https://c2sp.org/tlog-tiles#merkle-tree

import { ok, type Result } from "../result.ts";
import { type Hash, hash, nodeHash } from "./hash.ts";
import type { NodeReader } from "./proof.ts";
import { decodeTile, TILE_HEIGHT, TILE_WIDTH, type Tile, tileWidth } from "./tile.ts";

/** A tile of hashes, not a bundle. */
export type HashTile = Tile & { readonly level: number };

/**
 * Computes something from the nodes of a tree of `treeSize` leaves, such as a proof. Calls `compute` twice: first with
 * a reader that only records which nodes it reads, then, when their tiles are fetched, with the nodes. Fails like
 * `fetchTile`. Rejects with RangeError if a tile is narrower than the tree size requires.
 */
export async function computeFromTiles<T, E>(
  treeSize: number,
  compute: (nodeAt: NodeReader) => T,
  fetchTile: (tile: HashTile) => Promise<Result<Uint8Array, E>>,
): Promise<Result<T, E>> {
  const wanted = new Map<string, HashTile>();
  compute((height, index) => {
    const { level, tileIndex } = placeOf(height, index);
    wanted.set(`${level}/${tileIndex}`, { level, index: tileIndex, width: tileWidth(treeSize, level, tileIndex) });
    return NO_HASH;
  });
  const tiles = new Map<string, readonly Hash[]>();
  // At most two tiles per level: one on the path to the leaf, one at the right edge.
  const reads = [...wanted].map(async ([name, tile]) => ({ name, read: await fetchTile(tile) }));
  for (const { name, read } of await Promise.all(reads)) {
    if (!read.ok) return read;
    tiles.set(name, decodeTile(read.value));
  }
  return ok(compute((height, index) => nodeIn(tiles, height, index)));
}

const NO_HASH = hash(new Uint8Array(32));

/** The tile that holds a node: heights 8·level to 8·level + 7, the lowest of them as its hashes. */
function placeOf(height: number, index: number): { readonly level: number; readonly tileIndex: number } {
  const subtreesPerTile = 2 ** (TILE_HEIGHT - (height % TILE_HEIGHT));
  return { level: Math.floor(height / TILE_HEIGHT), tileIndex: Math.floor(index / subtreesPerTile) };
}

function nodeIn(tiles: ReadonlyMap<string, readonly Hash[]>, height: number, index: number): Hash {
  if (height % TILE_HEIGHT !== 0) {
    return nodeHash(nodeIn(tiles, height - 1, 2 * index), nodeIn(tiles, height - 1, 2 * index + 1));
  }
  const { level, tileIndex } = placeOf(height, index);
  const node = tiles.get(`${level}/${tileIndex}`)?.[index % TILE_WIDTH];
  if (node === undefined) throw new RangeError(`tile ${level}/${tileIndex} is narrower than the tree head requires`);
  return node;
}
