// SPDX-License-Identifier: Apache-2.0
// One round as a pure function. In: a tree, the waiting submissions and the time. Out: the next tree with its signed
// head, the rows to write and the outcome of each submission. This is where an index is decided.

import { ok, type Result } from "../../../shared/result.ts";
import type { Appended, Duplicate, WriterExhausted } from "../../../shared/rpc/sequencer.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { type Edge, edgeNodes, type FullTile, growEdge } from "../../../shared/tlog/edge.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import { inclusionProof, rootHash } from "../../../shared/tlog/proof.ts";
import type { LogFormat, Placement, Submission } from "../kinds/kind.ts";
import type { StateRow } from "../tables/state.ts";
import { type Earlier, type Place, type Placed, placeAll } from "./placing.ts";

interface RoundInput extends Earlier {
  readonly edge: Edge;
  readonly submissions: readonly Submission[];
  readonly timestamp: UnixMs;
  readonly format: LogFormat;
}

/** The result of a submission. */
export interface Outcome {
  readonly answer: Appended | Duplicate;
  /** The place that an SCT promises. Null for a duplicate whose time is not known. */
  readonly placement: Placement | null;
  /** A duplicate of an entry that is the same thing in another form. */
  readonly isOtherForm: boolean;
}

/** The tree after a round, and the rows that lead to it. */
export interface NewTree {
  readonly edge: Edge;
  readonly head: SignedTreeHead;
  readonly fullTiles: readonly FullTile[];
  readonly entries: Placed["newEntries"];
  readonly counts: Placed["counts"];
}

interface Round {
  /** Null if no submission was a new entry: there is nothing to write. */
  readonly newTree: NewTree | null;
  /** One per submission, in their order. */
  readonly outcomes: readonly Result<Outcome, WriterExhausted>[];
}

/** Decides the index of every submission and signs the tree that holds them. */
export function runRound(input: RoundInput): Round {
  const { edge, timestamp } = input;
  const placed = placeAll({ ...input, firstIndex: edge.treeSize });
  const newTree = placed.newEntries.length === 0 ? null : grow(input, placed);
  const toOutcome = ({ leafIndex, timestamp: promised, isOtherForm }: Place): Outcome => {
    const placement = promised === null ? null : { leafIndex, timestamp: promised };
    const isNew = newTree !== null && leafIndex >= edge.treeSize;
    const answer = isNew ? toAppended(newTree, leafIndex, timestamp) : ({ kind: "duplicate", leafIndex } as const);
    return { answer, placement, isOtherForm };
  };
  return { newTree, outcomes: placed.places.map((place) => (place.ok ? ok(toOutcome(place.value)) : place)) };
}

/** The state after a round. */
export function nextState(from: StateRow, { head }: NewTree): StateRow {
  const previous = { treeSize: from.treeSize, rootHash: from.rootHash };
  return { ...from, ...head, previous };
}

function grow({ edge, timestamp, format }: RoundInput, { newEntries: entries, counts }: Placed): NewTree {
  const grown = growEdge(
    edge,
    entries.map(({ leafHash }) => leafHash),
  );
  const { treeSize } = grown.edge;
  const head = { treeSize, rootHash: rootHash(treeSize, edgeNodes(grown.edge, grown.fullTiles)) };
  const checkpoint = format.signCheckpoint(head, timestamp);
  return { ...grown, head: { ...head, timestamp, checkpoint }, entries, counts };
}

function toAppended({ edge, fullTiles, head }: NewTree, leafIndex: number, timestamp: UnixMs): Appended {
  const proof = inclusionProof(leafIndex, head.treeSize, edgeNodes(edge, fullTiles));
  const { treeSize, rootHash: root, checkpoint } = head;
  return { kind: "appended", leafIndex, timestamp, treeSize, rootHash: root, proof, checkpoint };
}
