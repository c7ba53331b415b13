// SPDX-License-Identifier: Apache-2.0
// Proves from public tiles that a leaf is in the log, and that one tree grew out of another; believes a proof only after verifying it
// against the signed head. Spec: RFC 6962 §2.1; https://c2sp.org/tlog-tiles#merkle-tree

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

/** The tiles, or the leaf, are not those of the head: never sent, always an alarm. */
interface ProofMismatch {
  readonly code: "proof_mismatch";
  readonly log: string;
  /** Null where two trees were compared. */
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
 * Proves that `leaf` stands at `leafIndex` of the newest tree known, which is at most a second old.
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
  /** The signed note of that tree if it is the newest; nobody keeps the older ones. */
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
 * Proves which leaf stands at `leafIndex` of the tree of `treeSize` leaves, the newest if that is null, and that this tree is a
 * prefix of the newest. The caller guarantees leafIndex < treeSize. Fails as proveInclusion does.
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
 * Proves that the tree of `from` leaves is a prefix of that of `to` leaves, the newest if that is null, and both of the newest.
 * The caller guarantees from ≤ to. Fails as proveInclusion does.
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

/** A head that covers `treeSize` leaves. Fails with beyond_head if there is none, or reads_limited. */
async function headOver({ tail, admit }: LogReader, treeSize: number): Promise<Result<ServedHead, ReadError>> {
  const head = await tail.head(admit, treeSize);
  return head.ok && head.value.treeSize < treeSize ? err({ code: "beyond_head" }) : head;
}

/** The nodes that `use` asks for, out of the tiles of the newest tree: those of older trees are among them. */
async function nodesOf(
  reader: LogReader,
  head: ServedHead,
  leafIndex: number | null,
  use: (nodeAt: NodeReader) => unknown,
): Promise<Result<NodeReader, ProveError>> {
  const nodes = await loadNodes(head.treeSize, use, (tile) => readTile(reader, tile));
  // A tile that its own head covers and that is not there is no question of an index too high.
  return !nodes.ok && nodes.error.code === "beyond_head" ? mismatch(reader, head, leafIndex) : nodes;
}

/** PROOF(oldSize, D[newSize]); of the empty tree there is nothing to prove. */
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

/** The tree of these nodes, null if the signed head did not grow out of it. */
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
