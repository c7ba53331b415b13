// SPDX-License-Identifier: Apache-2.0
// Proves from public tiles that a leaf is in the log, and believes the proof only after verifying it against the head.
// Spec: RFC 6962 §2.1.1; https://c2sp.org/tlog-tiles#merkle-tree

import { err, ok, type Result } from "../../shared/result.ts";
import { type Hash, hash } from "../../shared/tlog/hash.ts";
import { inclusionProof, verifyInclusion } from "../../shared/tlog/proof.ts";
import { loadNodes } from "../../shared/tlog/tile-nodes.ts";
import type { TreeHead } from "./cached-tail.ts";
import { type LogReader, type ReadError, readTile } from "./log-reader.ts";

/** The tiles, or the leaf, are not those of the head: never sent, always an alarm. */
interface ProofMismatch {
  readonly code: "proof_mismatch";
  readonly log: string;
  readonly leafIndex: number;
  readonly treeSize: number;
}

export type ProveError = ReadError | ProofMismatch;

export interface Inclusion {
  readonly leafIndex: number;
  /** The tree that the proof is in. */
  readonly head: TreeHead;
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
  const head = await reader.tail.head(reader.admit, leafIndex + 1);
  if (!head.ok) return head;
  const { treeSize, rootHash } = head.value;
  if (leafIndex >= treeSize) return err({ code: "beyond_head" });
  const mismatch = err({ code: "proof_mismatch", log: reader.log.name, leafIndex, treeSize } as const);
  const nodes = await loadNodes(
    treeSize,
    (nodeAt) => inclusionProof(leafIndex, treeSize, nodeAt),
    (tile) => readTile(reader, tile),
  );
  // A tile that its own head covers and that is not there is no question of an index too high.
  if (!nodes.ok) return nodes.error.code === "beyond_head" ? mismatch : nodes;
  const proof = inclusionProof(leafIndex, treeSize, nodes.value);
  const claim = { leaf, leafIndex, treeSize, proof, root: hash(rootHash) };
  return verifyInclusion(claim) ? ok({ leafIndex, head: head.value, proof }) : mismatch;
}
