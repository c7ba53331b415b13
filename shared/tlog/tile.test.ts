// SPDX-License-Identifier: Apache-2.0
// Paths and widths are the examples and rules of https://c2sp.org/tlog-tiles#merkle-tree; hashes are computed over
// node:crypto.

import { describe, expect, it } from "vitest";
import { naiveRoot } from "../../test/support/logs/naive-tree.ts";
import { plainLeafHash } from "../../test/support/logs/tree-hashes.ts";
import { hash } from "./hash.ts";
import { decodeTile, encodeTile, formatTilePath, fullTileRoot, parseTilePath, tileWidth } from "./tile.ts";

const leaves = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => plainLeafHash(Buffer.from([i])));

describe("parseTilePath", () => {
  it.each([
    ["tile/0/000", { level: 0, index: 0, width: 256 }],
    ["tile/0/272", { level: 0, index: 272, width: 256 }],
    ["tile/0/273.p/112", { level: 0, index: 273, width: 112 }],
    ["tile/1/x001/x234/067", { level: 1, index: 1_234_067, width: 256 }],
    ["tile/1/001.p/17", { level: 1, index: 1, width: 17 }],
    ["tile/2/000.p/1", { level: 2, index: 0, width: 1 }],
    ["tile/0/000.p/255", { level: 0, index: 0, width: 255 }],
    ["tile/6/000", { level: 6, index: 0, width: 256 }],
    ["tile/0/x009/x007/x199/x254/x740/991", { level: 0, index: 9_007_199_254_740_991, width: 256 }],
    ["tile/entries/x001/000.p/1", { level: "entries", index: 1000, width: 1 }],
    ["tile/data/999", { level: "data", index: 999, width: 256 }],
  ] as const)("accepts %s, and formatTilePath prints it", (path, tile) => {
    expect(parseTilePath(path)).toEqual({ ok: true, value: tile });
    expect(formatTilePath(tile)).toBe(path);
  });

  it.each([
    ["a level above 6, which a tree of 2^53 leaves does not have", "tile/7/000"],
    ["a level with a leading zero", "tile/00/000"],
    ["a negative level", "tile/-1/000"],
    ["no level", "tile//000"],
    ["an unknown kind of bundle", "tile/names/000"],
    ["the tile height of the Go checksum database", "tile/8/entries/000"],
    ["an index of one digit", "tile/0/0"],
    ["an index of four digits", "tile/0/0000"],
    ["an index that is not decimal", "tile/0/0a0"],
    ["a signed index", "tile/0/-01"],
    ["a leading group of zeros", "tile/0/x000/000"],
    ["a leading group of zeros before another index", "tile/0/x000/001"],
    ["a group without x", "tile/0/001/000"],
    ["an x on the last group", "tile/0/x001"],
    ["an x on the last group of a partial tile", "tile/0/x001.p/1"],
    ["an upper-case X", "tile/0/X001/000"],
    ["an index of 2^53", "tile/0/x009/x007/x199/x254/x740/992"],
    ["an index above 2^53", "tile/0/x999/x999/x999/x999/x999/999"],
    ["an index of seven groups", "tile/0/x001/x000/x000/x000/x000/x000/000"],
    ["a width of 0", "tile/0/000.p/0"],
    ["the width of a full tile", "tile/0/000.p/256"],
    ["a width with a leading zero", "tile/0/000.p/01"],
    ["an empty width", "tile/0/000.p/"],
    ["a suffix without width", "tile/0/000.p"],
    ["a trailing slash", "tile/0/000/"],
    ["a leading slash", "/tile/0/000"],
    ["a trailing newline", "tile/0/000\n"],
    ["a query", "tile/0/000?"],
    ["other digits than ASCII", "tile/0/00\u0661"],
    ["nothing", ""],
  ])("rejects %s", (_, path) => {
    expect(parseTilePath(path)).toEqual({ ok: false, error: { code: "tile_path_invalid" } });
  });
});

describe("tileWidth", () => {
  it.each([
    { treeSize: 70_000, level: 0, index: 272, width: 256 },
    { treeSize: 70_000, level: 0, index: 273, width: 112 },
    { treeSize: 70_000, level: 0, index: 274, width: 0 },
    { treeSize: 70_000, level: 1, index: 0, width: 256 },
    { treeSize: 70_000, level: 1, index: 1, width: 17 },
    { treeSize: 70_000, level: 2, index: 0, width: 1 },
    { treeSize: 70_000, level: 3, index: 0, width: 0 },
    { treeSize: 256, level: 0, index: 0, width: 256 },
    { treeSize: 256, level: 1, index: 0, width: 1 },
    { treeSize: 255, level: 0, index: 0, width: 255 },
    { treeSize: 255, level: 1, index: 0, width: 0 },
    { treeSize: 0, level: 0, index: 0, width: 0 },
  ])("is $width for tile $level/$index of $treeSize leaves", ({ treeSize, level, index, width }) => {
    expect(tileWidth(treeSize, level, index)).toBe(width);
  });
});

describe("the bytes of a tile", () => {
  it.each([0, 1, 255, 256])("of %i hashes are the hashes in order", (count) => {
    const bytes = new Uint8Array(Buffer.concat(leaves(count)));
    expect(encodeTile(decodeTile(bytes))).toEqual(bytes);
    expect(decodeTile(bytes).map((leaf) => Buffer.from(leaf))).toEqual(leaves(count));
  });

  it.each([1, 31, 33, 8191])("are not %i bytes", (length) => {
    expect(() => decodeTile(new Uint8Array(length))).toThrow(RangeError);
  });
});

describe("fullTileRoot", () => {
  it("is the Merkle tree hash of 256 leaves", () => {
    expect(Buffer.from(fullTileRoot(leaves(256).map(hash)))).toEqual(naiveRoot(leaves(256)));
  });

  it.each([0, 1, 128, 255, 257, 512])("rejects %i hashes", (count) => {
    expect(() => fullTileRoot(leaves(count).map(hash))).toThrow(RangeError);
  });
});
