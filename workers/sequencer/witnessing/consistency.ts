// SPDX-License-Identifier: Apache-2.0
// Consistency proofs for the log's witnesses, from the open edge, the rows and R2.

import { objectKey } from "../../../shared/logs/config.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { consistencyProof } from "../../../shared/tlog/proof.ts";
import { formatTilePath, TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import { computeFromTiles, type HashTile } from "../../../shared/tlog/tile-nodes.ts";
import type { LogDeps } from "../deps.ts";
import { readTile, type TailDeps } from "../tables/tail.ts";

type ConsistencyDeps = TailDeps & Pick<LogDeps, "config" | "objects">;

/**
 * Makes the proof that a witness asks for, between two sizes, 0 < oldSize ≤ newSize ≤ the tree's size. Rejects if a
 * tile cannot be read. The witness verifies it.
 */
export async function proveToWitness(
  deps: ConsistencyDeps,
  oldSize: number,
  newSize: number,
): Promise<readonly Hash[]> {
  const proof = await computeFromTiles(
    newSize,
    (nodeAt) => consistencyProof(oldSize, newSize, nodeAt),
    (tile) => loadTile(deps, tile),
  );
  if (!proof.ok) throw new Error(`${proof.error} cannot be read`);
  return proof.value;
}

/** Loads a tile. The error is its path. */
async function loadTile(deps: ConsistencyDeps, { level, index, width }: HashTile): Promise<Result<Uint8Array, string>> {
  const path = formatTilePath({ level, index, width: TILE_WIDTH });
  const tail = readTile(deps, level, index, width);
  if (tail.kind === "found") return ok(tail.value);
  const stored = tail.kind === "published" ? await deps.objects.get(objectKey(deps.config, path)) : null;
  return stored === null ? err(path) : ok(stored.subarray(0, 32 * width));
}
