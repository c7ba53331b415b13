// SPDX-License-Identifier: Apache-2.0
// The right edge of a tree: the open tile of each level with its inner nodes. Appending costs about one hash per leaf,
// and a proof in the newest tree reads nothing. Pure: growing returns a new edge and does not change the old one.
// Spec: https://c2sp.org/tlog-tiles

import { type Hash, nodeHash } from "./hash.ts";
import type { NodeReader } from "./proof.ts";
import { nodesAtLevel, TILE_HEIGHT, TILE_WIDTH } from "./tile.ts";

/** rows[0]: the 0 to 255 hashes of the tile. rows[h], h < 8: the roots of their perfect subtrees of height h. */
type OpenTile = readonly (readonly Hash[])[];

/** The state of a tree that appending needs. */
export interface Edge {
  readonly treeSize: number;
  /** The open tile of each level, up to the highest level that has a node. */
  readonly tiles: readonly OpenTile[];
}

/** A tile that became full while the tree grew. */
export interface FullTile {
  readonly level: number;
  readonly index: number;
  readonly rows: OpenTile;
}

/** The result of growEdge. */
export interface Growth {
  readonly edge: Edge;
  /** In the order in which they became full. */
  readonly fullTiles: readonly FullTile[];
}

const EMPTY_TILE: OpenTile = Array.from({ length: TILE_HEIGHT }, () => []);

export const EMPTY_EDGE: Edge = { treeSize: 0, tiles: [] };

/**
 * Restores the edge of a tree of `treeSize` leaves from the hashes of its open tiles, level 0 first. Throws RangeError
 * if the number of hashes of a level does not match the tree size: the store is damaged.
 */
export function restoreEdge(treeSize: number, levels: readonly (readonly Hash[])[]): Edge {
  const tiles = levels.map((hashes, level) => {
    const due = nodesAtLevel(treeSize, level) % TILE_WIDTH;
    if (hashes.length !== due) throw new RangeError(`level ${level} has ${hashes.length} hashes, expected ${due}`);
    return hashes.reduce(push, copyTile(EMPTY_TILE));
  });
  if (nodesAtLevel(treeSize, tiles.length) > 0) throw new RangeError(`level ${tiles.length} is missing`);
  return { treeSize, tiles };
}

/** Appends leaves. Returns the new edge and the tiles that became full. */
export function growEdge(edge: Edge, leaves: readonly Hash[]): Growth {
  const tiles = edge.tiles.map(copyTile);
  const fullTiles: FullTile[] = [];
  let { treeSize } = edge;
  for (const leaf of leaves) {
    treeSize++;
    let carry: Hash | null = leaf;
    for (let level = 0; carry !== null; level++) {
      const tile = push((tiles[level] ??= copyTile(EMPTY_TILE)), carry);
      carry = rootOfFull(tile);
      if (carry === null) continue;
      fullTiles.push({ level, index: nodesAtLevel(treeSize, level) / TILE_WIDTH - 1, rows: tile });
      tiles[level] = copyTile(EMPTY_TILE);
    }
  }
  return { edge: { treeSize, tiles }, fullTiles };
}

type MutableTile = Hash[][];

const copyTile = (tile: OpenTile): MutableTile => tile.map((row) => [...row]);

/** Adds a hash to the tile's lowest row, and the root of each subtree that it completes to the row above. */
function push(tile: MutableTile, added: Hash): MutableTile {
  let node = added;
  for (const row of tile) {
    row.push(node);
    const left = row.at(-2);
    if (row.length % 2 === 1 || left === undefined) break;
    node = nodeHash(left, node);
  }
  return tile;
}

function rootOfFull(tile: OpenTile): Hash | null {
  const [left, right] = tile[TILE_HEIGHT - 1] ?? [];
  return left === undefined || right === undefined ? null : nodeHash(left, right);
}

/** Reads nodes of the open tiles and of `fullTiles`. Throws RangeError for any other node. */
export function edgeNodes({ treeSize, tiles }: Edge, fullTiles: readonly FullTile[] = []): NodeReader {
  return (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT);
    const row = height % TILE_HEIGHT;
    const rowWidth = TILE_WIDTH / 2 ** row;
    const tileIndex = Math.floor(index / rowWidth);
    const isOpen = tileIndex === Math.floor(nodesAtLevel(treeSize, level) / TILE_WIDTH);
    const rows = isOpen ? tiles[level] : fullTiles.find((t) => t.level === level && t.index === tileIndex)?.rows;
    const node = rows?.[row]?.[index % rowWidth];
    if (node === undefined) throw new RangeError(`node ${index} of height ${height} is not in the edge`);
    return node;
  };
}
