// SPDX-License-Identifier: Apache-2.0
// The request to a witness: the size that it is believed to have cosigned, a consistency proof from there, a
// checkpoint.
// Spec: https://c2sp.org/tlog-witness#add-checkpoint

import { concat, equal } from "../bytes/bytes.ts";
import { parseDecimal } from "../bytes/decimal.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";
import { EMPTY_ROOT, type Hash, hash } from "./hash.ts";
import { parseHashLines } from "./hash-lines.ts";
import { type Note, parseNote } from "./note.ts";
import { verifyConsistency } from "./proof.ts";

export interface AddCheckpoint {
  readonly oldSize: number;
  readonly proof: readonly Hash[];
  readonly checkpoint: Checkpoint;
  /** The checkpoint with its signature lines. */
  readonly note: Note;
}

export interface AddCheckpointError {
  readonly code: "add_checkpoint_invalid";
  readonly part: "old_size" | "proof" | "checkpoint" | "sizes";
}

/** A consistency proof between trees of fewer than 2^63 leaves has at most 63 hashes. */
const MAX_PROOF_LINES = 63;

const EMPTY_LINE = encodeUtf8("\n\n");

/**
 * Parses a request. Fails with add_checkpoint_invalid; part `sizes` means that the old size is above the checkpoint's.
 */
export function parseAddCheckpoint(body: Uint8Array): Result<AddCheckpoint, AddCheckpointError> {
  const fail = (part: AddCheckpointError["part"]): Result<never, AddCheckpointError> =>
    err({ code: "add_checkpoint_invalid", part });
  const end = indexOfEmptyLine(body);
  const head = decodeUtf8(body.subarray(0, Math.max(0, end)));
  if (end < 0 || !head.ok) return fail("old_size");
  const [oldLine = "", ...lines] = head.value.split("\n");
  const oldSize = oldLine.startsWith("old ") ? parseDecimal(oldLine.slice(4)) : null;
  if (oldSize === null) return fail("old_size");
  const proof = parseHashLines(lines, MAX_PROOF_LINES);
  if (proof === null) return fail("proof");
  const note = parseNote(body.subarray(end + EMPTY_LINE.length));
  const checkpoint = note.ok ? parseCheckpoint(note.value.text) : note;
  if (!note.ok || !checkpoint.ok) return fail("checkpoint");
  if (oldSize > checkpoint.value.treeSize) return fail("sizes");
  return ok({ oldSize, proof, checkpoint: checkpoint.value, note: note.value });
}

/** The index of the newline before the first empty line, or -1. */
function indexOfEmptyLine(body: Uint8Array): number {
  for (let at = body.indexOf(0x0a); at >= 0; at = body.indexOf(0x0a, at + 1)) if (body[at + 1] === 0x0a) return at;
  return -1;
}

/**
 * Whether the request proves that its checkpoint contains the tree of `oldSize` leaves with this root. An empty tree
 * must have EMPTY_ROOT; trees of equal size must have equal roots and an empty proof.
 */
export function isConsistent({ oldSize, proof, checkpoint }: AddCheckpoint, oldRoot: Uint8Array): boolean {
  const { treeSize, rootHash } = checkpoint;
  if (treeSize === 0 && !equal(rootHash, EMPTY_ROOT)) return false;
  if (oldSize === treeSize && !equal(rootHash, oldRoot)) return false;
  return verifyConsistency({ oldSize, oldRoot: hash(oldRoot), newSize: treeSize, newRoot: rootHash, proof });
}

/** The root of the empty tree, from which a witness starts that has cosigned nothing yet. */
export const NO_TREE_ROOT: Uint8Array = concat(EMPTY_ROOT);
