// SPDX-License-Identifier: Apache-2.0
// Compares the edge of a tree with tiles and roots that RFC 6962 §2.1 gives over node:crypto.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { naiveRoot, naiveTile, rootFromProof } from "../../test/support/logs/naive-tree.ts";
import { plainLeafHash } from "../../test/support/logs/tree-hashes.ts";
import { type Edge, EMPTY_EDGE, edgeNodes, growEdge, restoreEdge } from "./edge.ts";
import { type Hash, hash } from "./hash.ts";
import { inclusionProof, rootHash } from "./proof.ts";

const numbered = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => plainLeafHash(Buffer.from(`${i}`)));

/** The hashes of the open tile of each level, up to the highest level that has a node. */
function openTiles(leaves: readonly Buffer[]): Hash[][] {
  const levels: Hash[][] = [];
  for (let span = 1; span <= leaves.length; span *= 256) {
    const index = Math.floor(leaves.length / span / 256);
    levels.push(naiveTile(leaves, levels.length, index).map((node) => hash(new Uint8Array(node))));
  }
  return levels;
}

const lowestRows = ({ tiles }: Edge): (readonly Hash[])[] => tiles.map((tile) => tile[0] ?? []);
const toHashes = (leaves: readonly Buffer[]): Hash[] => leaves.map((leaf) => hash(new Uint8Array(leaf)));

describe.each([0, 1, 2, 3, 255, 256, 257, 511, 512, 600])("the edge of %i leaves", (treeSize) => {
  const leaves = numbered(treeSize);
  const { edge, fullTiles } = growEdge(EMPTY_EDGE, toHashes(leaves));

  it("holds the open tile of each level", () => {
    expect(edge.treeSize).toBe(treeSize);
    expect(lowestRows(edge)).toEqual(openTiles(leaves));
  });

  it("hands over every tile that filled up", () => {
    const names = Array.from({ length: Math.floor(treeSize / 256) }, (_, index) => ({ level: 0, index }));
    expect(fullTiles.map(({ level, index }) => ({ level, index }))).toEqual(names);
    for (const { level, index, rows } of fullTiles) {
      expect(rows[0]?.map((node) => Buffer.from(node))).toEqual(naiveTile(leaves, level, index));
    }
  });

  it("is what restoreEdge makes of its open tiles", () => {
    expect(restoreEdge(treeSize, openTiles(leaves))).toEqual(edge);
  });

  it("gives the root", () => {
    expect(Buffer.from(rootHash(treeSize, edgeNodes(edge)))).toEqual(naiveRoot(leaves));
  });
});

describe("growEdge", () => {
  it("gives the same edge however the leaves are divided, leaves the old edge as it was, and proves the new leaves", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 14 }),
        fc.constantFrom(0, 200, 250),
        (steps, start) => {
          let { edge } = growEdge(EMPTY_EDGE, toHashes(numbered(start)));
          for (const step of steps) {
            const from = edge.treeSize;
            const all = numbered(from + step);
            const { edge: next, fullTiles } = growEdge(edge, toHashes(all.slice(from)));
            expect(edge.treeSize).toBe(from);
            expect(lowestRows(next)).toEqual(openTiles(all));
            const root = naiveRoot(all);
            const nodes = edgeNodes(next, fullTiles);
            for (const leafIndex of [from, next.treeSize - 1]) {
              const place = { leafIndex, treeSize: next.treeSize };
              const path = inclusionProof(leafIndex, next.treeSize, nodes);
              expect(rootFromProof(all[leafIndex] ?? Buffer.of(), place, path)).toEqual(root);
            }
            edge = next;
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it("fills a tile of level 1 with the 65,536th leaf", () => {
    const leaf = plainLeafHash(Buffer.from("the same"));
    const { edge, fullTiles } = growEdge(
      EMPTY_EDGE,
      Array.from({ length: 65_537 }, () => hash(new Uint8Array(leaf))),
    );
    expect(fullTiles.filter(({ level }) => level === 1).map(({ index }) => index)).toEqual([0]);
    expect(lowestRows(edge).map((row) => row.length)).toEqual([1, 0, 1]);
    // Equal leaves: each level has one root.
    let subtree = leaf;
    for (let height = 0; height < 16; height++) subtree = naiveRoot([subtree, subtree]);
    expect(Buffer.from(rootHash(65_537, edgeNodes(edge)))).toEqual(naiveRoot([subtree, leaf]));
  });
});

describe("restoreEdge", () => {
  // 300 = 1·256 + 44: 44 hashes at level 0, 1 at level 1.
  const [level0 = [], level1 = []] = openTiles(numbered(300));

  it.each<[what: string, treeSize: number, levels: readonly (readonly Hash[])[]]>([
    ["a hash too few at level 0", 300, [level0.slice(1), level1]],
    ["a hash too many at level 0", 300, [[...level0, ...level1], level1]],
    ["no hash at level 1", 300, [level0, []]],
    ["a hash too many at level 1", 300, [level0, [...level1, ...level1]]],
    ["no level 1", 300, [level0]],
    ["no level at all", 300, []],
    ["a hash at level 2", 300, [level0, level1, level1]],
    ["a hash in an empty tree", 0, [level1]],
    ["a full tile that was not emptied", 256, [toHashes(numbered(256)), level1]],
    ["the tiles of another size", 301, [level0, level1]],
  ])("rejects %s", (_, treeSize, levels) => {
    expect(() => restoreEdge(treeSize, levels)).toThrow(RangeError);
  });
});

describe("edgeNodes", () => {
  const leaves = numbered(300);
  const { edge, fullTiles } = growEdge(EMPTY_EDGE, toHashes(leaves));

  it.each([
    { height: 0, index: 256 },
    { height: 0, index: 299 },
    { height: 5, index: 8 },
    { height: 8, index: 0 },
  ])("has node $index of height $height without the full tile", ({ height, index }) => {
    const span = 2 ** height;
    const node = naiveRoot(leaves.slice(index * span, (index + 1) * span));
    expect(Buffer.from(edgeNodes(edge)(height, index))).toEqual(node);
  });

  it.each([
    { height: 0, index: 0 },
    { height: 3, index: 31 },
    { height: 7, index: 1 },
  ])("has node $index of height $height with the full tile only", ({ height, index }) => {
    const span = 2 ** height;
    const node = naiveRoot(leaves.slice(index * span, (index + 1) * span));
    expect(Buffer.from(edgeNodes(edge, fullTiles)(height, index))).toEqual(node);
    expect(() => edgeNodes(edge)(height, index)).toThrow(RangeError);
  });

  it.each([
    { what: "a leaf beyond the tree", height: 0, index: 300 },
    { what: "a subtree that is not perfect", height: 5, index: 9 },
    { what: "a subtree beyond the tree", height: 8, index: 1 },
    { what: "a level that the tree does not have", height: 16, index: 0 },
  ])("rejects $what", ({ height, index }) => {
    expect(() => edgeNodes(edge, fullTiles)(height, index)).toThrow(RangeError);
  });
});
