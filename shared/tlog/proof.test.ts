// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHex, encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { EMPTY_EDGE, edgeNodes, growEdge } from "./edge.ts";
import { EMPTY_ROOT, type Hash, leafHash, nodeHash } from "./hash.ts";
import {
  consistencyProof,
  inclusionProof,
  type NodeReader,
  rootHash,
  verifyConsistency,
  verifyInclusion,
} from "./proof.ts";

// The eight leaves and the roots of every prefix from certificate-transparency's test data (merkle tree tests of 2013).
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const bytes = (hex: string): Uint8Array => {
  const decoded = decodeHex(hex);
  if (!decoded.ok) throw new Error(hex);
  return decoded.value;
};

/** RFC 6962 §2.1, transcribed. Shares only the two hash functions with the code under test. */
function naiveRoot(leaves: readonly Hash[]): Hash {
  const [only] = leaves;
  if (only === undefined) return EMPTY_ROOT;
  if (leaves.length === 1) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

function naivePath(m: number, leaves: readonly Hash[]): Hash[] {
  if (leaves.length === 1) return [];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

function naiveSubproof(m: number, leaves: readonly Hash[], whole: boolean): Hash[] {
  if (m === leaves.length) return whole ? [] : [naiveRoot(leaves)];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

const naiveNodes =
  (leaves: readonly Hash[]): NodeReader =>
  (height, index) => {
    const width = 2 ** height;
    if ((index + 1) * width > leaves.length) throw new Error(`node ${height}/${index} is not perfect`);
    return naiveRoot(leaves.slice(index * width, (index + 1) * width));
  };

const numbered = (count: number): Hash[] => Array.from({ length: count }, (_, i) => leafHash(encodeUtf8(`leaf ${i}`)));

describe("roots", () => {
  it("are those of certificate-transparency's reference data", () => {
    const leaves = LEAVES.map((hex) => leafHash(bytes(hex)));
    for (const [i, root] of ROOTS.entries()) {
      expect(encodeHex(rootHash(i + 1, naiveNodes(leaves)))).toBe(root);
      const { edge } = growEdge(EMPTY_EDGE, leaves.slice(0, i + 1));
      expect(encodeHex(rootHash(i + 1, edgeNodes(edge)))).toBe(root);
    }
    expect(encodeHex(EMPTY_ROOT)).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});

describe("proofs", () => {
  const sizes = fc.integer({ min: 1, max: 300 });

  it("equal RFC 6962's recursive definitions, and verify", () => {
    fc.assert(
      fc.property(sizes, sizes, (a, b) => {
        const [oldSize, newSize] = a < b ? [a, b] : [b, a];
        const leaves = numbered(newSize);
        const root = naiveRoot(leaves);
        const leafIndex = oldSize - 1;
        const proof = inclusionProof(leafIndex, newSize, naiveNodes(leaves));
        expect(proof).toEqual(naivePath(leafIndex, leaves));
        const leaf = leaves[leafIndex] ?? EMPTY_ROOT;
        expect(verifyInclusion({ leaf, leafIndex, treeSize: newSize, proof, root })).toBe(true);
        const consistency = consistencyProof(oldSize, newSize, naiveNodes(leaves));
        expect(consistency).toEqual(naiveSubproof(oldSize, leaves, true));
        const oldRoot = naiveRoot(leaves.slice(0, oldSize));
        expect(verifyConsistency({ oldSize, oldRoot, newSize, newRoot: root, proof: consistency })).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("are rejected if any part of the claim is changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 80 }), fc.nat(), fc.nat(), (treeSize, position, victim) => {
        const leaves = numbered(treeSize);
        const leafIndex = position % treeSize;
        const leaf = leaves[leafIndex] ?? EMPTY_ROOT;
        const root = naiveRoot(leaves);
        const proof = inclusionProof(leafIndex, treeSize, naiveNodes(leaves));
        const claim = { leaf, leafIndex, treeSize, proof, root };
        const otherIndex = (leafIndex + 1 + (victim % (treeSize - 1))) % treeSize;
        expect(verifyInclusion({ ...claim, leafIndex: otherIndex })).toBe(false);
        expect(verifyInclusion({ ...claim, leaf: EMPTY_ROOT })).toBe(false);
        expect(verifyInclusion({ ...claim, root: EMPTY_ROOT })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: proof.with(victim % proof.length, EMPTY_ROOT) })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: [...proof, EMPTY_ROOT] })).toBe(false);
        const oldSize = 1 + (position % (treeSize - 1));
        const consistency = consistencyProof(oldSize, treeSize, naiveNodes(leaves));
        const oldRoot = naiveRoot(leaves.slice(0, oldSize));
        const grown = { oldSize, oldRoot, newSize: treeSize, newRoot: root, proof: consistency };
        expect(verifyConsistency({ ...grown, oldRoot: EMPTY_ROOT })).toBe(false);
        expect(verifyConsistency({ ...grown, newRoot: EMPTY_ROOT })).toBe(false);
        expect(verifyConsistency({ ...grown, proof: [...consistency, EMPTY_ROOT] })).toBe(false);
        expect(verifyConsistency({ ...grown, proof: consistency.slice(1) })).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it("are rejected for impossible claims", () => {
    const [leaf = EMPTY_ROOT] = numbered(1);
    for (const [leafIndex, treeSize] of [
      [1, 1],
      [-1, 1],
      [0, 0],
      [0.5, 1],
      [0, Number.NaN],
    ] as const) {
      expect(verifyInclusion({ leaf, leafIndex, treeSize, proof: [], root: leaf })).toBe(false);
    }
    const claim = { oldRoot: leaf, newRoot: leaf, proof: [] };
    expect(verifyConsistency({ ...claim, oldSize: 2, newSize: 1 })).toBe(false);
    expect(verifyConsistency({ ...claim, oldSize: 1, newSize: 1 })).toBe(true);
    expect(verifyConsistency({ ...claim, oldSize: 0, oldRoot: EMPTY_ROOT, newSize: 1 })).toBe(true);
    expect(verifyConsistency({ ...claim, oldSize: 0, newSize: 1 })).toBe(false);
  });
});
