// SPDX-License-Identifier: Apache-2.0
// Creates the rows of a new log. What follows in R2 and at the anchor is in recovery/recover.ts.

import { EMPTY_EDGE, edgeNodes } from "../../../shared/tlog/edge.ts";
import { rootHash } from "../../../shared/tlog/proof.ts";
import type { LogDeps } from "../deps.ts";
import { writeTree } from "./commit.ts";
import { runRound } from "./round.ts";

/** Writes identity, genesis entries and first head in one transaction. */
export function createLog({ config, format, genesis, storage, host }: LogDeps): void {
  const createdAt = host.now();
  const { newTree } = runRound({
    edge: EMPTY_EDGE,
    submissions: genesis,
    timestamp: createdAt,
    format,
    findEarlier: () => null,
    countOf: () => 0,
  });
  const { origin, baseUrl } = config;
  const genesisSize = genesis.length;
  storage.transactionSync(() => {
    storage.createLog({ creation: host.randomId(), origin, baseUrl, spki: format.spki, genesisSize, createdAt });
    const emptyHead = { treeSize: 0, rootHash: rootHash(0, edgeNodes(EMPTY_EDGE)) };
    const checkpoint = format.signCheckpoint(emptyHead, createdAt);
    const head = newTree?.head ?? { ...emptyHead, timestamp: createdAt, checkpoint };
    const state = { ...head, previous: null, publishedTiles: 0, publishedRoot: null, indexed: 0 };
    writeTree({ storage, format }, newTree, state);
  });
}
