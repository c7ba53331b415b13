// SPDX-License-Identifier: Apache-2.0
// Copies full tiles to R2: per 256 entries a bundle, a sidecar, a tile, and the upper tiles that this one completes.
// Objects are created, never replaced. An object that exists with other bytes means that two histories share the
// bucket: the log stops.
// Spec: https://c2sp.org/tlog-tiles, https://c2sp.org/static-ct-api

import { equal } from "../../../shared/bytes/bytes.ts";
import { objectKey } from "../../../shared/logs/config.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { encodeSidecar, sidecarPath } from "../../../shared/rekor/sidecar.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { encodeTile, formatTilePath, fullTileRoot, TILE_WIDTH, type Tile } from "../../../shared/tlog/tile.ts";
import type { LogDeps, ObjectStore } from "../deps.ts";
import { type Refusal, refuse, toRefusal } from "../recovery/refusal.ts";
import type { EntryRow } from "../tables/entries.ts";

/** The parts of a log that publication uses. */
export type PublishDeps = Pick<LogDeps, "config" | "storage" | "format" | "objects">;

/**
 * Puts the objects of full tile `index` of level 0 into R2 and returns the tile's root. Rejects if R2 fails; repeating
 * all of it is harmless. Refuses if a row is not what was signed, or if an object exists with other bytes.
 */
export async function publishTile(deps: PublishDeps, index: number): Promise<Result<Hash, Refusal>> {
  const { config, storage, format } = deps;
  const { bundleLevel, hasSidecars } = LOG_KINDS[config.kind];
  const tile = readSigned(deps, index);
  if (!tile.ok) return tile;
  const { entries, root } = tile.value;
  const objects: [path: string, bytes: Uint8Array][] = [
    [fullTilePath(bundleLevel, index), format.encodeBundle(entries.map(({ record }) => record))],
    [fullTilePath(0, index), encodeTile(entries.map(({ leafHash }) => leafHash))],
  ];
  for (const { level, tileIndex, hashes } of storage.readEdge()) {
    const isCompletedHere = (tileIndex + 1) * TILE_WIDTH ** level === index + 1;
    if (isCompletedHere) objects.push([fullTilePath(level, tileIndex), encodeTile(hashes)]);
  }
  const create = async (name: string, bytes: Uint8Array): Promise<Result<null, Refusal>> =>
    await createObject(deps.objects, objectKey(config, name), bytes);
  if (hasSidecars) {
    // Before the bundle: a reader who finds an entry in the bundle looks up its time and hints here.
    const sidecar = await create(sidecarPath(index), encodeSidecar(entries));
    if (!sidecar.ok) return sidecar;
  }
  const results = await Promise.all(objects.map(async ([name, bytes]) => await create(name, bytes)));
  const refused = results.find((result) => !result.ok);
  return refused?.ok === false ? refused : ok(root);
}

/** The published part of an entry, from which its search terms can be computed. */
type PublishedEntry = Omit<EntryRow, "leafIndex" | "search">;

interface SignedTile {
  readonly entries: readonly PublishedEntry[];
  readonly root: Hash;
}

/**
 * Reads the rows of a full tile. Hashes each again, and all of them up to the node that the tree above has, so that
 * only what was signed is published.
 */
function readSigned({ storage, format }: PublishDeps, index: number): Result<SignedTile, Refusal> {
  try {
    const entries: PublishedEntry[] = [];
    for (const { leafIndex, record, leafHash, timestamp, hints } of storage.readInSteps(
      index * TILE_WIDTH,
      (index + 1) * TILE_WIDTH,
    )) {
      if (!equal(format.readRecord(record).leafHash, leafHash))
        throw new RangeError(`entry ${leafIndex} has another hash`);
      entries.push({ record, leafHash, timestamp, hints });
    }
    const root = fullTileRoot(entries.map(({ leafHash }) => leafHash));
    const signed = storage.readEdgeTile(1, Math.floor(index / TILE_WIDTH))?.[index % TILE_WIDTH];
    if (signed === undefined || !equal(root, signed)) throw new RangeError(`tile ${index} has another root`);
    return ok({ entries, root });
  } catch (error) {
    if (error instanceof RangeError) return err(toRefusal(error));
    throw error;
  }
}

const fullTilePath = (level: Tile["level"], index: number): string =>
  formatTilePath({ level, index, width: TILE_WIDTH });

/** Creates an immutable object. Refuses if it exists with other bytes; rejects if R2 fails. */
async function createObject(objects: ObjectStore, key: string, bytes: Uint8Array): Promise<Result<null, Refusal>> {
  if (await objects.create(key, bytes)) return ok(null);
  // The key is taken: by our own call before a crash, or by someone else.
  const found = await objects.get(key);
  if (found === null) throw new Error(`R2 reports that ${key} exists but does not return it`);
  return compareObject(key, found, bytes);
}

/** Does the same for an object that nearly always exists: reading is cheaper than an attempt to write. */
export async function ensureObject(
  objects: ObjectStore,
  key: string,
  bytes: Uint8Array,
): Promise<Result<null, Refusal>> {
  const found = await objects.get(key);
  return found === null ? await createObject(objects, key, bytes) : compareObject(key, found, bytes);
}

function compareObject(key: string, found: Uint8Array, bytes: Uint8Array): Result<null, Refusal> {
  if (equal(found, bytes)) return ok(null);
  return refuse(`${key} in R2 has other bytes than this log: two logs share the bucket`);
}
