// SPDX-License-Identifier: Apache-2.0
// Where the first run begins that does not read the whole log: at a whole bundle, with the edge of the tree there from
// the log's own tiles. Should a tile be wrong, the tree that is rebuilt from it has not the root that the log signed.

import { err, ok, type Result } from "../../../shared/result.ts";
import { restoreEdge } from "../../../shared/tlog/edge.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { nodesAtLevel, TILE_WIDTH, tileWidth } from "../../../shared/tlog/tile.ts";
import { describeFinding } from "../../served-log/findings.ts";
import type { LogSource } from "../../served-log/log-source.ts";
import { encodeEdge } from "../../served-log/seen-tree.ts";
import { readHashes } from "../../served-log/tree.ts";
import type { Position } from "../state/state.ts";

/** The beginning of a log. */
export const FIRST_POSITION: Position = { cursor: 0, tree: { treeSize: 0, edge: [] } };

/** The position before entry `from` of a tree of `treeSize` entries. The error is a line for the operator. */
export async function findPosition(
  source: LogSource,
  from: number,
  treeSize: number,
): Promise<Result<Position, string>> {
  const cursor = Math.min(from, treeSize);
  const start = cursor - (cursor % TILE_WIDTH);
  const levels: (readonly Hash[])[] = [];
  for (let level = 0; nodesAtLevel(start, level) > 0; level++) {
    const nodes = nodesAtLevel(start, level);
    const index = Math.floor(nodes / TILE_WIDTH);
    const width = tileWidth(treeSize, level, index);
    const { hashes, findings } =
      nodes % TILE_WIDTH === 0 ? { hashes: [], findings: [] } : await readHashes(source, { level, index, width });
    if (hashes === null) return err(findings.map(describeFinding).join("; "));
    levels.push(hashes.slice(0, nodes % TILE_WIDTH));
  }
  return ok({ cursor, tree: { treeSize: start, edge: encodeEdge(restoreEdge(start, levels)) } });
}
