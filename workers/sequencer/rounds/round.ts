// SPDX-License-Identifier: Apache-2.0
// One round as a pure function. In: a tree, the waiting submissions and the time. Out: the next tree with its signed
// head, the rows to write and the outcome of each submission. This is where an index is decided.

import { encodeHex } from "../../../shared/bytes/hex.ts";
import type { Appended, Duplicate } from "../../../shared/rpc/sequencer.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { type Edge, edgeNodes, type FullTile, growEdge } from "../../../shared/tlog/edge.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import { inclusionProof, rootHash } from "../../../shared/tlog/proof.ts";
import type { LogFormat, Placement, Submission } from "../kinds/kind.ts";
import type { EntryRow, KnownEntry } from "../storage.ts";

interface RoundInput {
  readonly edge: Edge;
  readonly submissions: readonly Submission[];
  readonly timestamp: UnixMs;
  readonly format: LogFormat;
  /** The place that an earlier round gave to an identity, null if none did. */
  readonly findEarlier: (identity: Hash) => KnownEntry | null;
}

/** The result of a submission. */
export interface Outcome {
  readonly answer: Appended | Duplicate;
  /** The place that an SCT promises. Null for a duplicate whose time is not known. */
  readonly placement: Placement | null;
}

/** The tree after a round, and the rows that lead to it. */
export interface NewTree {
  readonly edge: Edge;
  readonly head: SignedTreeHead;
  readonly fullTiles: readonly FullTile[];
  readonly entries: readonly (EntryRow & { readonly identity: Hash })[];
}

interface Round {
  /** Null if every submission was a duplicate: there is nothing to write. */
  readonly newTree: NewTree | null;
  /** One per submission, in their order. */
  readonly outcomes: readonly Outcome[];
}

/** Decides the index of every submission and signs the tree that holds them. */
export function runRound(input: RoundInput): Round {
  const { edge, submissions, timestamp } = input;
  const placed = placeAll(input);
  const entries = placed.newEntries;
  const newTree = entries.length === 0 ? null : grow(input, entries);
  const outcomes = submissions.map((submission): Outcome => {
    const known = placed.byIdentity.get(encodeHex(submission.identity));
    if (known === undefined) throw new RangeError("a submission was not placed");
    const { leafIndex } = known;
    const placement = known.timestamp === null ? null : { leafIndex, timestamp: known.timestamp };
    if (newTree === null || leafIndex < edge.treeSize) return { answer: { kind: "duplicate", leafIndex }, placement };
    return { answer: toAppended(newTree, leafIndex, timestamp), placement };
  });
  return { newTree, outcomes };
}

interface Placed {
  readonly byIdentity: ReadonlyMap<string, KnownEntry>;
  readonly newEntries: NewTree["entries"];
}

/** Gives each new identity the next free index. Equal identities in one round share it. */
function placeAll({ edge, submissions, timestamp, findEarlier }: RoundInput): Placed {
  const byIdentity = new Map<string, KnownEntry>();
  const newEntries: (EntryRow & { readonly identity: Hash })[] = [];
  for (const submission of submissions) {
    const key = encodeHex(submission.identity);
    if (byIdentity.has(key)) continue;
    const earlier = findEarlier(submission.identity);
    const placement = { leafIndex: edge.treeSize + newEntries.length, timestamp };
    byIdentity.set(key, earlier ?? placement);
    if (earlier !== null) continue;
    const { search, hints, identity } = submission;
    newEntries.push({ ...placement, ...submission.toLeaf(placement), search, hints, identity });
  }
  return { byIdentity, newEntries };
}

function grow({ edge, timestamp, format }: RoundInput, entries: NewTree["entries"]): NewTree {
  const grown = growEdge(
    edge,
    entries.map(({ leafHash }) => leafHash),
  );
  const { treeSize } = grown.edge;
  const head = { treeSize, rootHash: rootHash(treeSize, edgeNodes(grown.edge, grown.fullTiles)) };
  const checkpoint = format.signCheckpoint(head, timestamp);
  return { ...grown, head: { ...head, timestamp, checkpoint }, entries };
}

function toAppended({ edge, fullTiles, head }: NewTree, leafIndex: number, timestamp: UnixMs): Appended {
  const proof = inclusionProof(leafIndex, head.treeSize, edgeNodes(edge, fullTiles));
  const { treeSize, rootHash: root, checkpoint } = head;
  return { kind: "appended", leafIndex, timestamp, treeSize, rootHash: root, proof, checkpoint };
}
