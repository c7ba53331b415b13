// SPDX-License-Identifier: Apache-2.0
// The memory of a log between two runs of a command: the newest head that it saw, and the edge of the tree that it
// has rebuilt, as text for a state file.

import { decodeBase64, encodeBase64 } from "../../shared/bytes/base64.ts";
import { checkMembers, type Guard, isText } from "../../shared/json/guard.ts";
import { isCount, isTexts } from "../../shared/json/member.ts";
import { type Edge, EMPTY_EDGE, restoreEdge } from "../../shared/tlog/edge.ts";
import { decodeTile, encodeTile } from "../../shared/tlog/tile.ts";

/** The newest tree head that was seen: every later one must extend it. */
export interface SeenTree {
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The signed note, which proves a fork to others if the log shows another history later. */
  readonly checkpoint: string;
  /** RFC 3339. */
  readonly at: string;
}

/** The edge of a tree of `treeSize` leaves: the hashes of the open tile of each level in Base64, level 0 first. */
export interface EdgeText {
  readonly treeSize: number;
  readonly edge: readonly string[];
}

/** Encodes the levels of an edge. */
export const encodeEdge = ({ tiles }: Edge): readonly string[] =>
  tiles.map(([hashes = []]) => encodeBase64(encodeTile(hashes)));

/** Decodes an edge; null if the text is damaged. */
export function decodeEdge({ treeSize, edge }: EdgeText): Edge | null {
  if (treeSize === 0) return EMPTY_EDGE;
  const levels = edge.map((text) => decodeBase64(text));
  try {
    return restoreEdge(
      treeSize,
      levels.map((level) => decodeTile(level.ok ? level.value : new Uint8Array(1))),
    );
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const isHash: Guard<string> = (json): json is string => {
  const bytes = typeof json === "string" ? decodeBase64(json) : null;
  return bytes?.ok === true && bytes.value.length === 32;
};

/** Whether a stored value is a SeenTree. */
export const isSeenTree = checkMembers<SeenTree>({ size: isCount, root: isHash, checkpoint: isText, at: isText });

/** Whether a stored value has the form of an EdgeText. decodeEdge checks the hashes. */
export const isEdgeText = checkMembers<EdgeText>({ treeSize: isCount, edge: isTexts });
