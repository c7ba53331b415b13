// SPDX-License-Identifier: Apache-2.0
// RFC 6962 §2.1, transcribed literally over node:crypto: the reference in every test of trees and proofs.

import { plainNodeHash as naiveNodeHash, sha256 } from "./tree-hashes.ts";

/** MTH(D[start:end]) of the leaves with these hashes. */
export function naiveRoot(leaves: readonly Buffer[], start = 0, end = leaves.length): Buffer {
  const [first] = leaves.slice(start, start + 1);
  if (first === undefined || end === start) return sha256();
  if (end - start === 1) return first;
  const middle = start + largestPowerBelow(end - start);
  return naiveNodeHash(naiveRoot(leaves, start, middle), naiveRoot(leaves, middle, end));
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (2 * power < size) power *= 2;
  return power;
}

/** Computes the root from a leaf and its audit path (RFC 9162 §2.1.3.2). Null if the path has the wrong length. */
export function rootFromProof(
  leaf: Uint8Array,
  { leafIndex, treeSize }: { readonly leafIndex: number; readonly treeSize: number },
  path: readonly Uint8Array[],
): Buffer | null {
  let fn = leafIndex;
  let sn = treeSize - 1;
  let root = Buffer.from(leaf);
  for (const sibling of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      root = naiveNodeHash(sibling, root);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      root = naiveNodeHash(root, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? root : null;
}

/** A tree with the path to one leaf. */
export interface NaiveTree {
  readonly size: number;
  readonly root: Uint8Array;
}

/** RFC 9162 §2.1.4.2, transcribed literally. Trees of equal size have an empty proof, and so has the empty tree. */
export function isConsistent(older: NaiveTree, newer: NaiveTree, proof: readonly Uint8Array[]): boolean {
  if (older.size === newer.size) return proof.length === 0 && Buffer.compare(older.root, newer.root) === 0;
  if (older.size === 0) return proof.length === 0 && Buffer.compare(older.root, sha256()) === 0;
  const isPowerOfTwo = (older.size & (older.size - 1)) === 0;
  const [first, ...path] = isPowerOfTwo ? [older.root, ...proof] : proof;
  if (first === undefined) return false;
  let fn = older.size - 1;
  let sn = newer.size - 1;
  for (; fn % 2 === 1; fn = Math.floor(fn / 2)) sn = Math.floor(sn / 2);
  let fr = Buffer.from(first);
  let sr = Buffer.from(first);
  for (const c of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = naiveNodeHash(c, fr);
      sr = naiveNodeHash(c, sr);
      for (; fn % 2 === 0 && fn !== 0; fn = Math.floor(fn / 2)) sn = Math.floor(sn / 2);
    } else {
      sr = naiveNodeHash(sr, c);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && Buffer.compare(fr, older.root) === 0 && Buffer.compare(sr, newer.root) === 0;
}

/** The 0 to 256 hashes of tile `index` of `level` in a tree of these leaves. */
export function naiveTile(leaves: readonly Buffer[], level: number, index: number): readonly Buffer[] {
  const span = 256 ** level;
  const hashes: Buffer[] = [];
  for (let at = index * 256; at < (index + 1) * 256 && (at + 1) * span <= leaves.length; at++) {
    hashes.push(naiveRoot(leaves, at * span, (at + 1) * span));
  }
  return hashes;
}

/** The roots of the first n leaves, for every n from 0 on: subtrees of powers of two, joined from the right. */
export function prefixRoots(leaves: readonly Buffer[]): readonly Buffer[] {
  const roots = [sha256()];
  const subtrees: { readonly size: number; readonly root: Buffer }[] = [];
  for (const leaf of leaves) {
    let subtree = { size: 1, root: leaf };
    for (let last = subtrees.at(-1); last?.size === subtree.size; last = subtrees.at(-1)) {
      subtrees.pop();
      subtree = { size: 2 * last.size, root: naiveNodeHash(last.root, subtree.root) };
    }
    subtrees.push(subtree);
    roots.push(
      subtrees.reduceRight(
        (right, { root }) => (right.length === 0 ? root : naiveNodeHash(root, right)),
        Buffer.alloc(0),
      ),
    );
  }
  return roots;
}
