// SPDX-License-Identifier: Apache-2.0
// Compares the tree head of an audit with the one that an earlier audit saw, by the tiles that the log serves. For a
// fork, makes the evidence that anyone can verify: both signed checkpoints, and a consistency proof.
// Spec: RFC 9162 §2.1.4; https://c2sp.org/tlog-tiles#merkle-tree

import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { err, ok } from "../../shared/result.ts";
import { EMPTY_ROOT, type Hash } from "../../shared/tlog/hash.ts";
import type { TreeHead } from "../../shared/tlog/head.ts";
import { consistencyProof, rootHash, verifyConsistency } from "../../shared/tlog/proof.ts";
import { encodeTile } from "../../shared/tlog/tile.ts";
import { computeFromTiles } from "../../shared/tlog/tile-nodes.ts";
import type { AuditedHead } from "./head.ts";
import type { LogSource } from "./log-source.ts";
import type { SeenTree } from "./seen-tree.ts";
import { readHashes } from "./tree.ts";

/** How a tree head relates to an earlier one. */
export type History =
  | { readonly kind: "extends" }
  | { readonly kind: "forked"; readonly evidence: ForkEvidence }
  /** The tiles cannot be read, or do not lead to the signed root: the entries decide. */
  | { readonly kind: "open" };

/** Two checkpoints of which neither extends the other. */
export interface ForkEvidence {
  readonly olderSize: number;
  readonly newerSize: number;
  /** The signed notes. */
  readonly older: string;
  readonly newer: string;
  /** Base64. The root of the first `olderSize` entries of the newer tree; null if the newer tree is smaller. */
  readonly newerRootAtOlderSize: string | null;
  /**
   * PROOF(olderSize, D[newerSize]): proves that root in the newer tree, and fails for that of the older checkpoint.
   * Null if the newer tree is smaller, or if the tiles for the proof cannot be read.
   */
  readonly consistencyProof: readonly string[] | null;
}

/** Compares heads. Reads at most two tiles of each level. */
export async function compareHistory(source: LogSource, earlier: SeenTree, head: AuditedHead): Promise<History> {
  const { size } = earlier;
  if (size > head.treeSize) return { kind: "open" };
  const proven = size === 0 ? { root: EMPTY_ROOT, proof: [] } : await proveOldTree(source, size, head);
  if (proven === null) return { kind: "open" };
  const root = encodeBase64(proven.root);
  if (root === earlier.root) return { kind: "extends" };
  const evidence = pairHeads(earlier, head, root);
  return {
    kind: "forked",
    evidence: { ...evidence, consistencyProof: proven.proof.map((node) => encodeBase64(node)) },
  };
}

/** The evidence without a proof. @param root what the entries of the newer tree give, null if it is the smaller one */
export const pairHeads = (earlier: SeenTree, head: AuditedHead, root: string | null): ForkEvidence => ({
  olderSize: earlier.size,
  newerSize: head.treeSize,
  older: earlier.checkpoint,
  newer: head.note,
  newerRootAtOlderSize: root,
  consistencyProof: null,
});

/**
 * The root of the first `oldSize` leaves, and its proof in the newer tree. Null unless the served tiles prove it: then
 * the newer root, which is signed, leaves no other.
 */
async function proveOldTree(
  source: LogSource,
  oldSize: number,
  { treeSize, rootHash: newRoot }: TreeHead,
): Promise<{ readonly root: Hash; readonly proof: readonly Hash[] } | null> {
  if (oldSize === treeSize) return { root: newRoot, proof: [] };
  const proven = await computeFromTiles(
    treeSize,
    (nodeAt) => ({ root: rootHash(oldSize, nodeAt), proof: consistencyProof(oldSize, treeSize, nodeAt) }),
    async (tile) => {
      const { hashes, findings } = await readHashes(source, tile);
      return hashes === null ? err(findings) : ok(encodeTile(hashes));
    },
  );
  if (!proven.ok) return null;
  const { root, proof } = proven.value;
  return verifyConsistency({ oldSize, oldRoot: root, newSize: treeSize, newRoot, proof }) ? proven.value : null;
}

/** A file that a third person can verify without this tool. */
export const formatEvidence = (evidence: ForkEvidence, vkeys: readonly string[]): string =>
  `${JSON.stringify({ ...explain(evidence), vkeys, ...evidence }, null, 2)}\n`;

const SIGNED =
  "A key of `vkeys`, which must be the log's, signed the notes `older` and `newer` (c2sp.org/signed-note).";

function explain({ newerRootAtOlderSize, consistencyProof: proven }: ForkEvidence): {
  readonly what: string;
  readonly verify: readonly string[];
} {
  if (newerRootAtOlderSize === null) {
    const unknown = "Whether `newer` was signed later, only who fetched it knows: a cache may have kept it.";
    return { what: "A log showed a smaller tree after a larger one.", verify: [SIGNED, unknown] };
  }
  const what = "One log signed two histories: the tree of `newer` does not begin with that of `older`.";
  if (proven === null) {
    const read = "The first `olderSize` entries, as served under `newer`, have the root `newerRootAtOlderSize`.";
    return { what, verify: [SIGNED, read, "The tiles for a proof could not be read. Read the entries."] };
  }
  const proof =
    "`consistencyProof` is valid from `olderSize` with the root `newerRootAtOlderSize` to size and root of `newer` " +
    "(RFC 9162 2.1.4.2; for equal sizes it is empty). With the root of `older` in its place it fails.";
  return { what, verify: [SIGNED, proof] };
}
