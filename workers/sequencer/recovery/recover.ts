// SPDX-License-Identifier: Apache-2.0
// What happens before a log writes anything: its memory is rebuilt from its rows, and both are compared with the anchor and with
// R2. Whoever disagrees with either has been restored, copied or damaged, and would sign a second history: it refuses.
//
// Creation: (1) identity, first state and genesis in one transaction; (2) log.json in R2, create-only; (3) the anchor.
// A crash after any of them is repaired by going on: nobody has seen a head before the anchor has it.

import { equal } from "../../../shared/bytes/bytes.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { decodeUtf8, encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { type LogConfig, objectKey } from "../../../shared/logs/config.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { parseCheckpoint } from "../../../shared/tlog/checkpoint.ts";
import { type Edge, edgeNodes, restoreEdge } from "../../../shared/tlog/edge.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { sameHead } from "../../../shared/tlog/head.ts";
import { parseNote } from "../../../shared/tlog/note.ts";
import { rootHash } from "../../../shared/tlog/proof.ts";
import {
  decodeTile,
  encodeTile,
  formatTilePath,
  fullTileRoot,
  nodesAtLevel,
  TILE_WIDTH,
} from "../../../shared/tlog/tile.ts";
import type { AnchorPort, ObjectStore } from "../deps.ts";
import type { LogFormat } from "../kinds/format.ts";
import { type LogIdentity, type LogStorage, type State } from "../storage.ts";

/** Where the log was before it stopped, as far as its own rows say. */
export interface Recovered {
  readonly identity: LogIdentity;
  readonly state: State;
  /** Null if the log is not frozen. */
  readonly frozenAt: UnixMs | null;
  readonly edge: Edge;
  /** Identities of the entries that still have rows; empty for a log that looks them up. */
  readonly tail: ReadonlyMap<string, { readonly leafIndex: number; readonly timestamp: UnixMs }>;
}

export interface Refusal {
  readonly code: "log_refusing";
  /** What is wrong and what an operator should do. */
  readonly reason: string;
}

/** What rows that do not parse or do not add up lead to; reading them throws RangeError. */
export const damage = ({ message }: RangeError): Refusal => ({
  code: "log_refusing",
  reason: `${message}: a row is damaged; open a new log`,
});

const refuse = (reason: string): Result<never, Refusal> => err({ code: "log_refusing", reason });

export interface RecoverDeps {
  readonly config: LogConfig;
  readonly storage: LogStorage;
  readonly format: LogFormat;
  readonly objects: ObjectStore;
  readonly anchor: AnchorPort;
}

/**
 * Rebuilds memory from rows alone: no other store is asked, so reads can go on whatever else is out of reach.
 * Null if there is no log yet; refuses if the rows contradict each other or the configuration.
 */
export function readRows({ config, storage, format }: RecoverDeps): Result<Recovered | null, Refusal> {
  try {
    const identity = storage.readIdentity();
    if (identity === null) return ok(null);
    const pinned = pinnedProblem(identity, config, format);
    if (pinned !== null) return refuse(pinned);
    const state = storage.readState();
    const edge = readEdge(storage, state);
    if (!equal(rootHash(edge.treeSize, edgeNodes(edge)), state.rootHash) || !isCheckpointOf(state)) {
      return refuse("the stored entries do not add up to the stored tree head: a row is damaged; open a new log");
    }
    return ok({ identity, state, frozenAt: storage.readFrozenAt(), edge, tail: readTail(storage, format, state) });
  } catch (error) {
    if (error instanceof RangeError) return err(damage(error));
    throw error;
  }
}

/** What readers are shown is the head that the entries add up to. */
function isCheckpointOf(state: State): boolean {
  const note = parseNote(encodeUtf8(state.checkpoint));
  const checkpoint = note.ok ? parseCheckpoint(note.value.text) : note;
  return checkpoint.ok && sameHead(checkpoint.value, state);
}

function pinnedProblem(identity: LogIdentity, config: LogConfig, format: LogFormat): string | null {
  if (identity.origin !== config.origin || identity.baseUrl !== config.baseUrl) {
    return `this log was created for ${identity.baseUrl} (origin ${identity.origin}), not for ${config.baseUrl}: set PUBLIC_URL back, or open a new log`;
  }
  return equal(identity.spki, format.spki)
    ? null
    : "the log key is not the one this log was created with: put the old key back";
}

/** Level 0 from the entries of the open tile, the levels above from their rows. */
function readEdge(storage: LogStorage, state: State): Edge {
  const { treeSize } = state;
  const openTile = Math.floor(treeSize / TILE_WIDTH) * TILE_WIDTH;
  const levels = treeSize === 0 ? [] : [storage.readLeafHashes(openTile, treeSize)];
  for (let level = 1; nodesAtLevel(treeSize, level) > 0; level++) {
    const tileIndex = Math.floor(nodesAtLevel(treeSize, level) / TILE_WIDTH);
    levels.push(storage.readEdgeTile(level, tileIndex) ?? []);
  }
  return restoreEdge(treeSize, levels);
}

/** By what a submission of an entry that is still here is known. A log that remembers all looks into its rows instead. */
function readTail(storage: LogStorage, format: LogFormat, { treeSize }: State): Recovered["tail"] {
  const rows = format.remembersAll ? [] : storage.readIdentities(treeSize);
  const tail = new Map<string, { leafIndex: number; timestamp: UnixMs }>();
  for (const { leafIndex, timestamp, identity } of rows) {
    tail.set(encodeHex(identity ?? identityOf(storage, format, leafIndex)), { leafIndex, timestamp });
  }
  return tail;
}

function identityOf(storage: LogStorage, format: LogFormat, leafIndex: number): Hash {
  const [entry] = storage.readEntries(leafIndex, leafIndex + 1);
  if (entry === undefined) throw new RangeError(`entry ${leafIndex} is missing`);
  return format.readRecord(entry.record).identity;
}

/** Refuses unless nothing at all is left of an earlier log: a missing row with an anchor or log.json is a lost store. */
export async function checkNothingExists({ config, objects, anchor }: RecoverDeps): Promise<Result<null, Refusal>> {
  const [anchored, logJson] = await Promise.all([anchor.read(), objects.get(objectKey(config, "log.json"))]);
  if (anchored === null && logJson === null) return ok(null);
  return refuse("the storage of this log is gone while R2 or the anchor still know it: restore it, or open a new log");
}

/**
 * Compares what the rows say with log.json, the anchor and the last tile in R2, and finishes a creation or a round that was
 * cut off between its transaction and the anchor. A rejected call means "could not be reached": the caller tries again later.
 */
export async function checkOutside(deps: RecoverDeps, recovered: Recovered): Promise<Result<null, Refusal>> {
  const { anchor } = deps;
  const { state, identity } = recovered;
  const anchored = await anchor.read();
  const isUnanchored = anchored === null;
  if (isUnanchored && state.treeSize > identity.genesisSize) {
    return refuse("the anchor of this log is gone: nothing shows that this is its newest state; open a new log");
  }
  const logJson = await checkLogJson(deps, recovered, isUnanchored);
  if (!logJson.ok) return logJson;
  const r2 = await checkTiles(deps, recovered);
  if (!r2.ok) return r2;
  if (anchored !== null && sameHead(anchored, state)) return ok(null);
  // The transaction was the last thing that happened: the anchor has the head before it, or at creation none.
  const isOneBehind = isUnanchored || (state.previous !== null && sameHead(anchored, state.previous));
  if (!isOneBehind || !(await anchor.advance({ from: anchored, to: state }))) {
    return refuse(
      `the anchor holds a tree of ${anchored?.treeSize ?? 0} entries, this storage one of ${state.treeSize}: it was restored to an older state; restore the newest one, or open a new log`,
    );
  }
  return ok(null);
}

async function checkLogJson(
  { config, objects }: RecoverDeps,
  { identity }: Recovered,
  mayCreate: boolean,
): Promise<Result<null, Refusal>> {
  const key = objectKey(config, "log.json");
  const wanted = encodeUtf8(
    `${JSON.stringify({ name: config.name, origin: identity.origin, creation: identity.creation })}\n`,
  );
  let found = await objects.get(key);
  if (found === null && mayCreate) {
    if (await objects.create(key, wanted)) return ok(null);
    found = await objects.get(key);
  }
  if (found === null) return refuse("log.json of this log is gone from R2: put the bucket back, or open a new log");
  if (equal(found, wanted)) return ok(null);
  const text = decodeUtf8(found);
  return refuse(
    `R2 belongs to another log (${text.ok ? text.value.trim() : "log.json is not text"}): bind the bucket of this log`,
  );
}

/** The last published tile is the one this log published, and the next one is ours or not there. */
async function checkTiles(
  { config, objects, storage }: RecoverDeps,
  { state }: Recovered,
): Promise<Result<null, Refusal>> {
  const read = (index: number): Promise<Uint8Array | null> =>
    objects.get(objectKey(config, formatTilePath({ level: 0, index, width: TILE_WIDTH })));
  const { publishedTiles, publishedRoot, treeSize } = state;
  if (publishedTiles > 0 && publishedRoot !== null) {
    const last = await read(publishedTiles - 1);
    if (last === null)
      return refuse(`tile ${publishedTiles - 1} is gone from R2: put the bucket back, or open a new log`);
    if (!isTileWithRoot(last, publishedRoot))
      return refuse(
        `tile ${publishedTiles - 1} in R2 is not the one this log published: put the bucket back, or open a new log`,
      );
  }
  const next = await read(publishedTiles);
  if (next === null) return ok(null);
  const from = publishedTiles * TILE_WIDTH;
  if (treeSize < from + TILE_WIDTH) {
    return refuse("R2 has a tile that this storage has not reached: it was restored to an older state; open a new log");
  }
  const own = encodeTile(storage.readLeafHashes(from, from + TILE_WIDTH));
  return equal(next, own)
    ? ok(null)
    : refuse(`tile ${publishedTiles} in R2 is not the one of this log: open a new log`);
}

const isTileWithRoot = (bytes: Uint8Array, root: Hash): boolean =>
  bytes.length === 32 * TILE_WIDTH && equal(fullTileRoot(decodeTile(bytes)), root);
