// SPDX-License-Identifier: Apache-2.0
// A log with slightly fewer than 65,536 entries, so that the first tile of level 1 fills up during a run. Its rows are
// written directly. It has only what a sequencer still needs of its past: rows of the tail, edge, last published tile.

import { createHash } from "node:crypto";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { type LogConfig, objectKey } from "../../shared/logs/config.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { unixMs } from "../../shared/time.ts";
import { type Hash, hash } from "../../shared/tlog/hash.ts";
import { decodeTile, formatTilePath, fullTileRoot } from "../../shared/tlog/tile.ts";
import type { LogFormat } from "../../workers/sequencer/kinds/kind.ts";
import { LogStorage } from "../../workers/sequencer/storage.ts";
import { SqliteStorage } from "../support/logs/sqlite-storage.ts";
import { PlainTree } from "./plain-tree.ts";
import { makeSubmission, type SimulatedSubmission } from "./submissions.ts";

const PUBLISHED_TILES = 254;
const FIRST_ROW = PUBLISHED_TILES * 256;
const TREE_SIZE = FIRST_ROW + 76;
const TIME = unixMs(1_790_000_000_000);
const CREATION = "00".repeat(16);

/** A log with a past. */
export interface GrownLog {
  readonly storage: SqliteStorage;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly head: { readonly treeSize: number; readonly rootHash: Hash };
  readonly tree: PlainTree;
  /** The entries that still have rows, from index `firstRow` on. */
  readonly entries: readonly SimulatedSubmission[];
  readonly firstRow: number;
}

let old: PlainTree | null = null;

/** The tree of the entries without rows. Made once, because 65,000 leaves take time. */
function oldTree(): PlainTree {
  if (old === null) {
    old = new PlainTree();
    for (let index = 0; index < FIRST_ROW; index++) old.push(createHash("sha256").update(`old ${index}`).digest());
  }
  return old.copy();
}

/** Makes the rows, objects and head of such a log. */
export function grownLog(config: LogConfig, format: LogFormat): GrownLog {
  const tree = oldTree();
  const sqlite = new SqliteStorage();
  const storage = new LogStorage(sqlite);
  storage.createLog({
    creation: CREATION,
    origin: config.origin,
    baseUrl: config.baseUrl,
    spki: format.spki,
    genesisSize: LOG_KINDS[config.kind].genesisSize,
    createdAt: TIME,
  });
  // Clients never use these numbers.
  const entries = Array.from({ length: TREE_SIZE - FIRST_ROW }, (_, i) => makeSubmission(config.kind, 1_000_000 + i));
  for (const [i, { submission }] of entries.entries()) {
    const placement = { leafIndex: FIRST_ROW + i, timestamp: TIME };
    const { record, leafHash } = submission.toLeaf(placement);
    const { search, hints } = submission;
    storage.insertEntry({ ...placement, record, leafHash, search, hints });
    storage.insertIdentity(submission.identity, { ...placement, timestamp: format.promisesTime ? TIME : null });
    tree.push(Buffer.from(leafHash));
  }
  const tileRoots = decodeTile(tree.tile(1, 0, PUBLISHED_TILES));
  storage.writeEdge({ level: 1, tileIndex: 0, hashes: tileRoots });
  const head = { treeSize: TREE_SIZE, rootHash: hash(new Uint8Array(tree.root(TREE_SIZE))) };
  const lastTile = new Uint8Array(tree.tile(0, PUBLISHED_TILES - 1, 256));
  const state = {
    ...head,
    timestamp: TIME,
    checkpoint: format.signCheckpoint(head, TIME),
    previous: null,
    publishedTiles: PUBLISHED_TILES,
    publishedRoot: fullTileRoot(decodeTile(lastTile)),
    indexed: TREE_SIZE,
  };
  storage.writeState(state, true);
  const logJson = `${JSON.stringify({ name: config.name, origin: config.origin, creation: CREATION })}\n`;
  const objects = new Map([
    [objectKey(config, "log.json"), encodeUtf8(logJson)],
    [objectKey(config, formatTilePath({ level: 0, index: PUBLISHED_TILES - 1, width: 256 })), lastTile],
  ]);
  return { storage: sqlite, objects, head, tree, entries, firstRow: FIRST_ROW };
}
