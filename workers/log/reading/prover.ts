// SPDX-License-Identifier: Apache-2.0
// Proves inclusion and consistency from public tiles, and verifies each proof against the signed head before returning
// it.
// Spec: RFC 6962 §2.1; https://c2sp.org/tlog-tiles#merkle-tree

import { err, ok, type Result } from "../../../shared/result.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import type { TreeHead } from "../../../shared/tlog/head.ts";
import {
  consistencyProof,
  inclusionProof,
  type NodeReader,
  rootHash,
  verifyConsistency,
  verifyInclusion,
} from "../../../shared/tlog/proof.ts";
import { computeFromTiles } from "../../../shared/tlog/tile-nodes.ts";
import type { ServedHead } from "./cached-tail.ts";
import { type LogReader, type ReadError, readTile } from "./log-reader.ts";

/** The tiles or the leaf do not match the signed head. The proof is never sent, and the log line is an alarm. */
interface ProofMismatch {
  readonly code: "proof_mismatch";
  readonly log: string;
  /** Null for a consistency proof. */
  readonly leafIndex: number | null;
  readonly treeSize: number;
}

export type ProveError = ReadError | ProofMismatch;

export interface Inclusion {
  readonly leafIndex: number;
  /** The tree that the proof is in. */
  readonly head: ServedHead;
  /** Leaf to root. */
  readonly proof: readonly Hash[];
}

/**
 * Proves that `leaf` is at `leafIndex` of the newest known tree, which is at most a second old.
 * Fails with a ReadError (beyond_head if the tree does not hold the index) or proof_mismatch.
 */
export async function proveInclusion(
  reader: LogReader,
  leafIndex: number,
  leaf: Hash,
): Promise<Result<Inclusion, ProveError>> {
  const head = await readHeadOver(reader, leafIndex + 1);
  if (!head.ok) return head;
  const { treeSize } = head.value;
  const proof = await compute(reader, head.value, leafIndex, (nodeAt) => inclusionProof(leafIndex, treeSize, nodeAt));
  if (!proof.ok) return proof;
  const claim = { leaf, leafIndex, treeSize, proof: proof.value, root: head.value.rootHash };
  return verifyInclusion(claim)
    ? ok({ leafIndex, head: head.value, proof: proof.value })
    : mismatch(reader, head.value, leafIndex);
}

/** A tree that the log has or had. */
export interface ProvenTree extends TreeHead {
  /** The signed note if this is the newest tree; null for an older tree, whose note is not kept. */
  readonly checkpoint: string | null;
}

export interface InclusionInTree {
  readonly leafIndex: number;
  readonly leaf: Hash;
  readonly tree: ProvenTree;
  /** Leaf to root. */
  readonly proof: readonly Hash[];
}

/**
 * Finds the leaf at `leafIndex` of the tree of `treeSize` leaves (null: the newest tree), and proves that this tree
 * holds it and is a prefix of the newest. The caller guarantees leafIndex < treeSize. Fails like proveInclusion.
 */
export async function proveInclusionIn(
  reader: LogReader,
  leafIndex: number,
  treeSize: number | null,
): Promise<Result<InclusionInTree, ProveError>> {
  const head = await readHeadOver(reader, treeSize ?? leafIndex + 1);
  if (!head.ok) return head;
  const size = treeSize ?? head.value.treeSize;
  const found = await compute(reader, head.value, leafIndex, (nodeAt) => ({
    leaf: nodeAt(0, leafIndex),
    proof: inclusionProof(leafIndex, size, nodeAt),
    path: pathToHead(size, head.value, nodeAt),
  }));
  if (!found.ok) return found;
  const { leaf, proof, path } = found.value;
  const tree = proveTree(path, head.value);
  const isProven = tree !== null && verifyInclusion({ leaf, leafIndex, treeSize: size, proof, root: tree.rootHash });
  return isProven ? ok({ leafIndex, leaf, tree, proof }) : mismatch(reader, head.value, leafIndex);
}

export interface Consistency {
  readonly from: ProvenTree;
  readonly to: ProvenTree;
  readonly proof: readonly Hash[];
}

/**
 * Proves that the tree of `from` leaves is a prefix of the tree of `to` leaves (null: the newest tree), and that both
 * are prefixes of the newest. The caller guarantees from ≤ to. Fails like proveInclusion.
 */
export async function proveConsistency(
  reader: LogReader,
  from: number,
  to: number | null,
): Promise<Result<Consistency, ProveError>> {
  const head = await readHeadOver(reader, to ?? from);
  if (!head.ok) return head;
  const size = to ?? head.value.treeSize;
  const found = await compute(reader, head.value, null, (nodeAt) => ({
    proof: prefixProof(from, size, nodeAt),
    older: pathToHead(from, head.value, nodeAt),
    newer: pathToHead(size, head.value, nodeAt),
  }));
  if (!found.ok) return found;
  const { proof } = found.value;
  const older = proveTree(found.value.older, head.value);
  const newer = proveTree(found.value.newer, head.value);
  if (older === null || newer === null) return mismatch(reader, head.value, null);
  const claim = { oldSize: from, oldRoot: older.rootHash, newSize: size, newRoot: newer.rootHash, proof };
  return verifyConsistency(claim) ? ok({ from: older, to: newer, proof }) : mismatch(reader, head.value, null);
}

/** Returns a head of at least `treeSize` leaves. Fails with beyond_head if there is none, or reads_limited. */
async function readHeadOver({ tail, admit }: LogReader, treeSize: number): Promise<Result<ServedHead, ReadError>> {
  const head = await tail.readHead(admit, treeSize);
  return head.ok && head.value.treeSize < treeSize ? err({ code: "beyond_head" }) : head;
}

/** Computes from the tiles of the newest tree, which hold the nodes of every older tree. */
async function compute<T>(
  reader: LogReader,
  head: ServedHead,
  leafIndex: number | null,
  from: (nodeAt: NodeReader) => T,
): Promise<Result<T, ProveError>> {
  const computed = await computeFromTiles(head.treeSize, from, (tile) => readTile(reader, tile));
  // The head covers this tile, so a missing tile is a mismatch and not an index that is too high.
  return !computed.ok && computed.error.code === "beyond_head" ? mismatch(reader, head, leafIndex) : computed;
}

/** PROOF(oldSize, D[newSize]); empty if the old tree is empty. */
const prefixProof = (oldSize: number, newSize: number, nodeAt: NodeReader): readonly Hash[] =>
  oldSize === 0 ? [] : consistencyProof(oldSize, newSize, nodeAt);

/** A tree with its proof to the newest. */
interface PathToHead extends TreeHead {
  readonly proof: readonly Hash[];
}

const pathToHead = (treeSize: number, head: ServedHead, nodeAt: NodeReader): PathToHead => ({
  treeSize,
  rootHash: rootHash(treeSize, nodeAt),
  proof: prefixProof(treeSize, head.treeSize, nodeAt),
});

/** The tree of a path, null if it is not a prefix of the signed head. */
function proveTree({ treeSize, rootHash: root, proof }: PathToHead, head: ServedHead): ProvenTree | null {
  const claim = { oldSize: treeSize, oldRoot: root, newSize: head.treeSize, newRoot: head.rootHash, proof };
  const checkpoint = treeSize === head.treeSize ? head.checkpoint : null;
  return verifyConsistency(claim) ? { treeSize, rootHash: root, checkpoint } : null;
}

function mismatch(
  { log }: LogReader,
  { treeSize }: ServedHead,
  leafIndex: number | null,
): Result<never, ProofMismatch> {
  return err({ code: "proof_mismatch", log: log.name, leafIndex, treeSize });
}
