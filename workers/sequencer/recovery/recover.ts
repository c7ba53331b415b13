// SPDX-License-Identifier: Apache-2.0
// Recovery runs before a log writes anything. It rebuilds memory from the rows, then compares the rows with the anchor
// and with R2. A log that disagrees with either was restored, copied or damaged and would sign a second history, so it
// refuses to write.
//
// Creation: (1) identity, first state and genesis in one transaction; (2) log.json in R2, create-only; (3) the anchor.
// After a crash between two steps, recovery runs the rest: nobody sees a head before the anchor holds it.

import { equal } from "../../../shared/bytes/bytes.ts";
import { decodeUtf8, encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { objectKey } from "../../../shared/logs/config.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { formatLogJson, LOG_JSON } from "../../../shared/logs/log-json.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { parseCheckpoint } from "../../../shared/tlog/checkpoint.ts";
import { type Edge, edgeNodes, restoreEdge } from "../../../shared/tlog/edge.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { sameHead, type TreeHead } from "../../../shared/tlog/head.ts";
import { type NoteSignature, parseNote } from "../../../shared/tlog/note.ts";
import { rootHash } from "../../../shared/tlog/proof.ts";
import {
  decodeTile,
  encodeTile,
  formatTilePath,
  fullTileRoot,
  nodesAtLevel,
  TILE_WIDTH,
} from "../../../shared/tlog/tile.ts";
import { parseVkey } from "../../../shared/tlog/vkey.ts";
import type { LogDeps } from "../deps.ts";
import { keySettingOf } from "../kinds/kinds.ts";
import type { CosignedRow } from "../tables/cosigned.ts";
import type { LogIdentity } from "../tables/log.ts";
import type { StateRow } from "../tables/state.ts";
import { type Refusal, refuse, toRefusal } from "./refusal.ts";

/** The log as its own rows have it. */
export interface Recovered {
  readonly identity: LogIdentity;
  readonly state: StateRow;
  /** Whether the rows say that the anchor holds the head. */
  readonly isAnchored: boolean;
  /** The newest cosigned head, null if there is none. */
  readonly cosigned: CosignedRow | null;
  /** When the log was frozen, null if it was not. */
  readonly frozenAt: UnixMs | null;
  readonly edge: Edge;
}

/** The parts of a log that recovery uses. */
export type RecoverDeps = Pick<LogDeps, "config" | "storage" | "format" | "objects" | "anchor">;

/**
 * Reads the log from its rows alone, so that reads can go on when no other store can be reached. Null if there is no
 * log yet. Refuses if the rows contradict each other or the settings.
 */
export function readRows(deps: RecoverDeps): Result<Recovered | null, Refusal> {
  const { storage } = deps;
  try {
    const identity = storage.readIdentity();
    if (identity === null) return ok(null);
    const moved = describeMove(identity, deps);
    if (moved !== null) return refuse(moved);
    const state = storage.readState();
    const edge = readEdge(storage, state);
    if (!equal(rootHash(edge.treeSize, edgeNodes(edge)), state.rootHash) || !isCheckpointOf(state)) {
      return refuse("the stored entries do not add up to the stored tree head: a row is damaged; open a new log");
    }
    return ok({
      identity,
      state,
      isAnchored: storage.isStateAnchored(),
      cosigned: storage.readCosigned(),
      frozenAt: storage.readFrozenAt(),
      edge,
    });
  } catch (error) {
    if (error instanceof RangeError) return err(toRefusal(error));
    throw error;
  }
}

/** Whether the stored checkpoint is of the stored head, to which the entries add up. */
function isCheckpointOf(state: StateRow): boolean {
  const note = parseNote(encodeUtf8(state.checkpoint));
  const checkpoint = note.ok ? parseCheckpoint(note.value.text) : note;
  return checkpoint.ok && sameHead(checkpoint.value, state);
}

/** Says that the log was created for another address, null if it was not. */
function describeMove(identity: LogIdentity, { config }: Pick<RecoverDeps, "config">): string | null {
  return identity.origin === config.origin && identity.baseUrl === config.baseUrl
    ? null
    : `this log was created for ${identity.baseUrl} (origin ${identity.origin}), not for ${config.baseUrl}: set PUBLIC_URL back, or open a new log`;
}

/**
 * Refuses if a key is not the one that the log was created with. Its entries stay readable, under the signatures that
 * they have; a head signed by the other key would belong to no log that anybody trusts.
 */
export function checkKeys(
  { identity, state }: Pick<Recovered, "identity" | "state">,
  { config, format }: Pick<RecoverDeps, "config" | "format">,
): Result<null, Refusal> {
  const key = equal(identity.spki, format.spki) ? foreignLine(state, config, format) : "ecdsa";
  if (key === null) return ok(null);
  return refuse(
    `${keySettingOf(config, key)} is not the key that the log ${config.name} was created with: put the old key back`,
  );
}

/** A line by the log itself in its stored checkpoint, by a key that it does not have now. Null if there is none. */
function foreignLine(
  state: StateRow,
  { kind, origin }: RecoverDeps["config"],
  { vkeys }: RecoverDeps["format"],
): "ed25519" | null {
  const ownName = LOG_KINDS[kind].signerNameOf(origin);
  const note = parseNote(encodeUtf8(state.checkpoint));
  const own = vkeys.flatMap((text) => {
    const vkey = parseVkey(text);
    return vkey.ok ? [vkey.value.keyId] : [];
  });
  const isForeign = ({ name, keyId }: NoteSignature): boolean =>
    name === ownName && !own.some((id) => equal(id, keyId));
  // The line of the ECDSA key has been compared already.
  return note.ok && note.value.signatures.some(isForeign) ? "ed25519" : null;
}

/** Rebuilds the edge: level 0 from the entries of the open tile, the levels above from their rows. */
function readEdge(storage: RecoverDeps["storage"], state: StateRow): Edge {
  const { treeSize } = state;
  const openTile = Math.floor(treeSize / TILE_WIDTH) * TILE_WIDTH;
  const levels = treeSize === 0 ? [] : [storage.readLeafHashes(openTile, treeSize)];
  for (let level = 1; nodesAtLevel(treeSize, level) > 0; level++) {
    const tileIndex = Math.floor(nodesAtLevel(treeSize, level) / TILE_WIDTH);
    levels.push(storage.readEdgeTile(level, tileIndex) ?? []);
  }
  return restoreEdge(treeSize, levels);
}

/** Refuses if the anchor or log.json exists: the log existed before, and its storage is lost. */
export async function checkNothingExists({ config, objects, anchor }: RecoverDeps): Promise<Result<null, Refusal>> {
  const [anchored, logJson] = await Promise.all([anchor.read(), objects.get(objectKey(config, LOG_JSON))]);
  if (anchored === null && logJson === null) return ok(null);
  return refuse(
    "the storage of this log is gone, but R2 or the anchor still knows the log: restore the storage, or open a new log",
  );
}

/**
 * Whether readers may see the head of the rows, also if the log refuses to write. Not if the anchor holds another head
 * of its size: somebody may have seen that one. And not if the anchor holds its predecessor: storage that is put back
 * could still sign another head of its size.
 * @param anchored the head that the anchor holds
 */
export function isShowable({ state, identity, isAnchored }: Recovered, anchored: TreeHead | null): boolean {
  if (isAnchored) return true;
  if (anchored === null) return state.treeSize > identity.genesisSize;
  if (anchored.treeSize === state.treeSize) return sameHead(anchored, state);
  return state.previous === null || !sameHead(anchored, state.previous);
}

/**
 * Compares the rows with log.json, the anchor and the last tile in R2. Finishes a creation or a round that was cut off
 * between its transaction and the anchor. Rejects if R2 or the anchor cannot be reached; the caller tries again later.
 * @param anchored the head that the anchor holds
 */
export async function checkOutside(
  deps: RecoverDeps,
  recovered: Recovered,
  anchored: TreeHead | null,
): Promise<Result<null, Refusal>> {
  const { anchor } = deps;
  const { state, identity } = recovered;
  const isUnanchored = anchored === null;
  if (isUnanchored && state.treeSize > identity.genesisSize) {
    return refuse("the anchor of this log is gone: nothing shows that this is its newest state; open a new log");
  }
  const logJson = await checkLogJson(deps, recovered, isUnanchored);
  if (!logJson.ok) return logJson;
  const r2 = await checkTiles(deps, recovered);
  if (!r2.ok) return r2;
  if (anchored !== null && sameHead(anchored, state)) return ok(null);
  // The object died after a transaction: the anchor holds the head before it or, at creation, none.
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
  const key = objectKey(config, LOG_JSON);
  const wanted = formatLogJson({ ...identity, name: config.name });
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

/**
 * Refuses unless the last published tile is the one that this log published, and the next one is absent or this log's.
 */
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
