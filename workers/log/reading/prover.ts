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
import { loadNodes } from "../../../shared/tlog/tile-nodes.ts";
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
  const head = await headOver(reader, leafIndex + 1);
  if (!head.ok) return head;
  const { treeSize } = head.value;
  const use = (nodeAt: NodeReader): unknown => inclusionProof(leafIndex, treeSize, nodeAt);
  const nodes = await nodesOf(reader, head.value, leafIndex, use);
  if (!nodes.ok) return nodes;
  const proof = inclusionProof(leafIndex, treeSize, nodes.value);
  const claim = { leaf, leafIndex, treeSize, proof, root: head.value.rootHash };
  return verifyInclusion(claim) ? ok({ leafIndex, head: head.value, proof }) : mismatch(reader, head.value, leafIndex);
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
  const head = await headOver(reader, treeSize ?? leafIndex + 1);
  if (!head.ok) return head;
  const size = treeSize ?? head.value.treeSize;
  const nodes = await nodesOf(reader, head.value, leafIndex, (nodeAt) => {
    nodeAt(0, leafIndex);
    inclusionProof(leafIndex, size, nodeAt);
    pathToHead(size, head.value, nodeAt);
  });
  if (!nodes.ok) return nodes;
  const tree = provenTree(size, head.value, nodes.value);
  const leaf = nodes.value(0, leafIndex);
  const proof = inclusionProof(leafIndex, size, nodes.value);
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
  const head = await headOver(reader, to ?? from);
  if (!head.ok) return head;
  const size = to ?? head.value.treeSize;
  const nodes = await nodesOf(reader, head.value, null, (nodeAt) => {
    prefixProof(from, size, nodeAt);
    for (const treeSize of [from, size]) pathToHead(treeSize, head.value, nodeAt);
  });
  if (!nodes.ok) return nodes;
  const older = provenTree(from, head.value, nodes.value);
  const newer = provenTree(size, head.value, nodes.value);
  if (older === null || newer === null) return mismatch(reader, head.value, null);
  const proof = prefixProof(from, size, nodes.value);
  const claim = { oldSize: from, oldRoot: older.rootHash, newSize: size, newRoot: newer.rootHash, proof };
  return verifyConsistency(claim) ? ok({ from: older, to: newer, proof }) : mismatch(reader, head.value, null);
}

/** Returns a head of at least `treeSize` leaves. Fails with beyond_head if there is none, or reads_limited. */
async function headOver({ tail, admit }: LogReader, treeSize: number): Promise<Result<ServedHead, ReadError>> {
  const head = await tail.head(admit, treeSize);
  return head.ok && head.value.treeSize < treeSize ? err({ code: "beyond_head" }) : head;
}

/** Loads the nodes that `use` reads from the tiles of the newest tree, which hold those of every older tree. */
async function nodesOf(
  reader: LogReader,
  head: ServedHead,
  leafIndex: number | null,
  use: (nodeAt: NodeReader) => unknown,
): Promise<Result<NodeReader, ProveError>> {
  const nodes = await loadNodes(head.treeSize, use, (tile) => readTile(reader, tile));
  // The head covers this tile, so a missing tile is a mismatch and not an index that is too high.
  return !nodes.ok && nodes.error.code === "beyond_head" ? mismatch(reader, head, leafIndex) : nodes;
}

/** PROOF(oldSize, D[newSize]); empty if the old tree is empty. */
const prefixProof = (oldSize: number, newSize: number, nodeAt: NodeReader): readonly Hash[] =>
  oldSize === 0 ? [] : consistencyProof(oldSize, newSize, nodeAt);

const pathToHead = (
  treeSize: number,
  head: ServedHead,
  nodeAt: NodeReader,
): { root: Hash; proof: readonly Hash[] } => ({
  root: rootHash(treeSize, nodeAt),
  proof: prefixProof(treeSize, head.treeSize, nodeAt),
});

/** The tree of `treeSize` leaves, null if it is not a prefix of the signed head. */
function provenTree(treeSize: number, head: ServedHead, nodeAt: NodeReader): ProvenTree | null {
  const { root, proof } = pathToHead(treeSize, head, nodeAt);
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
