// SPDX-License-Identifier: Apache-2.0
// Computes roots, inclusion proofs and consistency proofs from perfect subtrees of any source, and verifies them.
// Spec: RFC 6962 §2.1; RFC 9162 §2.1.3.2 and §2.1.4.2 (verification)

import { equal } from "../bytes/bytes.ts";
import { EMPTY_ROOT, type Hash, nodeHash } from "./hash.ts";

/**
 * Returns the root of the perfect subtree over leaves [index·2^height, (index+1)·2^height). Throws if it is
 * unavailable.
 */
export type NodeReader = (height: number, index: number) => Hash;

/** Leaves [start, end). */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Computes the root of the tree of `treeSize` leaves. */
export function rootHash(treeSize: number, nodeAt: NodeReader): Hash {
  return treeSize === 0 ? EMPTY_ROOT : subtreeHash({ start: 0, end: treeSize }, nodeAt);
}

/** One level of a path: the half that the path does not enter. */
interface Step {
  readonly sibling: Range;
  readonly isLeftSibling: boolean;
}

/** The path from a leaf up to the root. */
function pathToLeaf(leafIndex: number, treeSize: number): readonly Step[] {
  const steps: Step[] = [];
  let range: Range = { start: 0, end: treeSize };
  while (range.end - range.start > 1) {
    const { left, right } = halves(range);
    const isLeftSibling = leafIndex >= left.end;
    steps.push({ sibling: isLeftSibling ? left : right, isLeftSibling });
    range = isLeftSibling ? right : left;
  }
  return steps.toReversed();
}

/** The path from the last perfect subtree of the old tree up to the new root: RFC 6962's SUBPROOF without recursion. */
function pathToOldTree(oldSize: number, newSize: number): { readonly bottom: Range; readonly steps: readonly Step[] } {
  const steps: Step[] = [];
  let range: Range = { start: 0, end: newSize };
  while (range.end !== oldSize) {
    const { left, right } = halves(range);
    const isLeftSibling = oldSize > left.end;
    steps.push({ sibling: isLeftSibling ? left : right, isLeftSibling });
    range = isLeftSibling ? right : left;
  }
  return { bottom: range, steps: steps.toReversed() };
}

function halves({ start, end }: Range): { readonly left: Range; readonly right: Range } {
  let width = 1;
  while (2 * width < end - start) width *= 2;
  return { left: { start, end: start + width }, right: { start: start + width, end } };
}

/**
 * PATH(leafIndex, D[treeSize]): the siblings from the leaf to the root. The caller guarantees 0 ≤ leafIndex < treeSize.
 */
export function inclusionProof(leafIndex: number, treeSize: number, nodeAt: NodeReader): readonly Hash[] {
  return pathToLeaf(leafIndex, treeSize).map(({ sibling }) => subtreeHash(sibling, nodeAt));
}

/** PROOF(oldSize, D[newSize]). The caller guarantees 0 < oldSize ≤ newSize; equal sizes give an empty proof. */
export function consistencyProof(oldSize: number, newSize: number, nodeAt: NodeReader): readonly Hash[] {
  const { bottom, steps } = pathToOldTree(oldSize, newSize);
  // If the old tree is one perfect subtree, the path starts at its root, which the verifier has already.
  const parts = bottom.start === 0 ? [] : [bottom];
  return [...parts, ...steps.map(({ sibling }) => sibling)].map((range) => subtreeHash(range, nodeAt));
}

/** MTH of a range whose start is a multiple of the largest power of two that fits in it. */
function subtreeHash({ start, end }: Range, nodeAt: NodeReader): Hash {
  const peaks: Hash[] = [];
  for (let at = start; at < end; ) {
    const { height, width } = largestPerfect(at, end);
    peaks.push(nodeAt(height, at / width));
    at += width;
  }
  return peaks.reduceRight((right, left) => nodeHash(left, right));
}

/** The highest perfect subtree that starts at `start` and ends at or before `end`. */
function largestPerfect(start: number, end: number): { readonly height: number; readonly width: number } {
  let height = 0;
  let width = 1;
  while (start % (2 * width) === 0 && start + 2 * width <= end) {
    height++;
    width *= 2;
  }
  return { height, width };
}

/** The statement that verifyInclusion checks. */
export interface InclusionClaim {
  readonly leaf: Hash;
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly proof: readonly Hash[];
  readonly root: Hash;
}

/** Whether `proof` proves that `leaf` is at `leafIndex` of the tree of `treeSize` leaves with this root. */
export function verifyInclusion({ leaf, leafIndex, treeSize, proof, root }: InclusionClaim): boolean {
  if (!isIndex(leafIndex) || !isIndex(treeSize) || leafIndex >= treeSize) return false;
  const steps = pathToLeaf(leafIndex, treeSize);
  if (steps.length !== proof.length) return false;
  const computed = proof.reduce((node, other, i) => parentOf(node, other, steps[i]), leaf);
  return equal(computed, root);
}

/** The parent of a node and its sibling. */
function parentOf(node: Hash, sibling: Hash, step: Step | undefined): Hash {
  return step?.isLeftSibling === true ? nodeHash(sibling, node) : nodeHash(node, sibling);
}

/** The statement that verifyConsistency checks. */
export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRoot: Hash;
  readonly newSize: number;
  readonly newRoot: Hash;
  readonly proof: readonly Hash[];
}

/** Whether `proof` proves that the tree of `oldSize` leaves is a prefix of the tree of `newSize` leaves. */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { oldSize, oldRoot, newSize, newRoot, proof } = claim;
  if (!isIndex(oldSize) || !isIndex(newSize) || oldSize > newSize) return false;
  if (oldSize === 0) return proof.length === 0 && equal(oldRoot, EMPTY_ROOT);
  const { bottom, steps } = pathToOldTree(oldSize, newSize);
  const [first, ...siblings] = bottom.start === 0 ? [oldRoot, ...proof] : proof;
  if (first === undefined || siblings.length !== steps.length) return false;
  const newComputed = siblings.reduce((node, other, i) => parentOf(node, other, steps[i]), first);
  // Right siblings hold only leaves that the old tree does not have.
  const oldComputed = siblings.reduce(
    (node, other, i) => (steps[i]?.isLeftSibling === true ? nodeHash(other, node) : node),
    first,
  );
  return equal(oldComputed, oldRoot) && equal(newComputed, newRoot);
}

const isIndex = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
