// SPDX-License-Identifier: Apache-2.0
// The contents of a log's backup, and their check: log.json, every full tile with its bundle and sidecar, the issuers
// that entries name, and a copy of the tail, whose checkpoint all of it must match.

import { sha256 } from "#sha256";
import { equal } from "../../shared/bytes/bytes.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { issuerPath } from "../../shared/ct/leaf.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { BACKUP_FOLDER, type Backup, backupPath, backupSize, decodeBackup } from "../../shared/logs/backup.ts";
import { findLogKind, LOG_KINDS, type LogKind } from "../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../shared/logs/records.ts";
import { sidecarPath } from "../../shared/rekor/sidecar.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseCheckpoint } from "../../shared/tlog/checkpoint.ts";
import { edgeNodes, restoreEdge } from "../../shared/tlog/edge.ts";
import { type Hash, leafHash } from "../../shared/tlog/hash.ts";
import { parseNote } from "../../shared/tlog/note.ts";
import { rootHash } from "../../shared/tlog/proof.ts";
import { decodeTile, encodeTile, formatTilePath, fullTileRoot, TILE_WIDTH } from "../../shared/tlog/tile.ts";
import type { BackupFolder } from "./folder.ts";

/** The path of a full bundle. */
export const bundlePath = (kind: LogKind, index: number): string =>
  formatTilePath({ level: LOG_KINDS[kind].bundleLevel, index, width: TILE_WIDTH });
/** The path of a full tile. */
export const tilePath = (level: number, index: number): string => formatTilePath({ level, index, width: TILE_WIDTH });

/** The leaf hashes of a bundle; null if it is malformed. */
export function leavesOf(kind: LogKind, bundle: Uint8Array): readonly Hash[] | null {
  const { split, leafData } = LOG_RECORDS[kind];
  const leaves = split(bundle)
    ?.map(leafData)
    .filter((data) => data !== null);
  return leaves?.map(leafHash) ?? null;
}

/** The paths of what the records of a bundle or of a tail name by hash, each once. */
export function listNamedPaths(kind: LogKind, records: readonly Uint8Array[]): readonly string[] {
  const { namedPaths } = LOG_RECORDS[kind];
  return namedPaths === null ? [] : [...new Set(records.flatMap(namedPaths))];
}

/** Whether these are the bytes that a path of listNamedPaths names. */
export const isNamedBy = (path: string, bytes: Uint8Array): boolean => path === issuerPath(sha256(bytes));

/** Computes the full and the open tiles of every level above 0 from the roots of the full tiles of level 0. */
export function upperTiles(roots: readonly Hash[]): {
  readonly full: readonly { readonly level: number; readonly index: number; readonly bytes: Uint8Array }[];
  readonly open: readonly (readonly Hash[])[];
} {
  const full = [];
  const open = [];
  for (let level = 1, hashes = roots; hashes.length > 0; level++) {
    const above: Hash[] = [];
    for (let index = 0; (index + 1) * TILE_WIDTH <= hashes.length; index++) {
      const tile = hashes.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH);
      full.push({ level, index, bytes: encodeTile(tile) });
      above.push(fullTileRoot(tile));
    }
    open.push(hashes.slice(above.length * TILE_WIDTH));
    hashes = above;
  }
  return { full, open };
}

/** Whether the entries of the tail and the edge to their left have the tree head and the checkpoint of the backup. */
export function matchesCheckpoint(
  kind: LogKind,
  { treeSize, entries, edge, rootHash: root, checkpoint }: Backup,
): boolean {
  const leaves = entries.map(({ record }) => LOG_RECORDS[kind].leafData(record));
  const note = parseNote(encodeUtf8(checkpoint));
  const head = note.ok ? parseCheckpoint(note.value.text) : note;
  if (!head.ok || head.value.treeSize !== treeSize || !equal(head.value.rootHash, root)) return false;
  try {
    const level0 = leaves.filter((data) => data !== null).map(leafHash);
    const restored = restoreEdge(treeSize, treeSize === 0 ? [] : [level0, ...edge]);
    return equal(rootHash(treeSize, edgeNodes(restored)), root);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Reads the newest readable copy of the tail in a folder; null if there is none. */
export function readNewestTail(folder: BackupFolder, name: string): Backup | null {
  const keys = folder.keys(`${name}/${BACKUP_FOLDER}`).toReversed();
  for (const key of keys) {
    const bytes = backupSize(key.slice(name.length + 1)) === null ? null : folder.read(key);
    const decoded = bytes === null ? null : decodeBackup(bytes);
    if (decoded?.ok === true) return decoded.value;
  }
  return null;
}

/** A backup that was checked completely. */
export interface CheckedBackup {
  readonly tail: Backup;
  /** The keys of every object of the log at that size: tiles, issuers, the copy of the tail, log.json. */
  readonly keys: readonly string[];
  /** Whether bytes are a copy of the same tail: times and signatures of copies may differ, their tree may not. */
  readonly isSameTail: (bytes: Uint8Array) => boolean;
}

/** Reads and hashes the whole backup of a log. The error is a line for the operator. */
export function checkBackup(
  folder: BackupFolder,
  name: string,
  onProgress: (done: number, total: number) => void,
): Result<CheckedBackup, string> {
  const tail = readNewestTail(folder, name);
  if (tail === null) return err(`${folder.path} has no copy of the ${name} log's tail`);
  const creation = creationIn(folder.read(`${name}/log.json`));
  if (creation !== tail.creation || tail.name !== name)
    return err(`log.json and tail of the ${name} log belong to different logs`);
  const kind = findLogKind(tail);
  if (kind === null) return err(`the ${name} log, ${tail.origin}, is of a kind that this version does not know`);
  const tiles = Math.floor(tail.treeSize / TILE_WIDTH);
  const roots: Hash[] = [];
  const keys: string[] = [];
  const named = new Set(
    listNamedPaths(
      kind,
      tail.entries.map(({ record }) => record),
    ),
  );
  for (let index = 0; index < tiles; index++) {
    const checked = checkTile(folder, { name, kind }, index);
    if (!checked.ok) return checked;
    roots.push(checked.value.root);
    keys.push(...checked.value.keys);
    for (const path of checked.value.named) named.add(path);
    onProgress(index + 1, tiles);
  }
  const upper = upperTiles(roots);
  for (const { level, index, bytes } of upper.full) {
    const key = `${name}/${tilePath(level, index)}`;
    const found = folder.read(key);
    if (found === null || !equal(found, bytes)) return err(`${key} is missing or does not match the tiles below it`);
    keys.push(key);
  }
  for (const path of named) {
    const found = folder.read(`${name}/${path}`);
    if (found === null || !isNamedBy(path, found))
      return err(`${name}/${path} is missing or damaged: put the certificate with this SHA-256 there, in DER`);
    keys.push(`${name}/${path}`);
  }
  if (!matchesCheckpoint(kind, { ...tail, edge: upper.open }))
    return err(`the entries of the ${name} log do not match its checkpoint of size ${tail.treeSize}`);
  const isSameTail = (bytes: Uint8Array): boolean => {
    const copy = decodeBackup(bytes);
    if (!copy.ok || copy.value.creation !== creation || !equal(copy.value.rootHash, tail.rootHash)) return false;
    return copy.value.treeSize === tail.treeSize && matchesCheckpoint(kind, { ...copy.value, edge: upper.open });
  };
  return ok({ tail, isSameTail, keys: [...keys, `${name}/${backupPath(tail.treeSize)}`, `${name}/log.json`] });
}

interface CheckedTile {
  readonly root: Hash;
  readonly keys: readonly string[];
  /** Paths of what its entries name. */
  readonly named: readonly string[];
}

function checkTile(
  folder: BackupFolder,
  { name, kind }: { readonly name: string; readonly kind: LogKind },
  index: number,
): Result<CheckedTile, string> {
  const keys = [
    ...(LOG_KINDS[kind].hasSidecars ? [sidecarPath(index)] : []),
    bundlePath(kind, index),
    tilePath(0, index),
  ].map((path) => `${name}/${path}`);
  const missing = keys.find((key) => !folder.has(key));
  if (missing !== undefined) return err(`${missing} is missing`);
  const [bundle, tile] = keys.slice(-2).map((key) => folder.read(key));
  const leaves = bundle && leavesOf(kind, bundle);
  if (!bundle || !leaves || !tile || leaves.length !== TILE_WIDTH || !equal(encodeTile(leaves), tile))
    return err(`tile ${index} of the ${name} log does not match its bundle`);
  const named = listNamedPaths(kind, LOG_RECORDS[kind].split(bundle) ?? []);
  return ok({ root: fullTileRoot(decodeTile(tile)), keys, named });
}

/** The member `creation` of a log.json; null if the file is malformed. */
export function creationIn(logJson: Uint8Array | null): string | null {
  const json = logJson === null ? null : parseJson(logJson);
  const value: unknown = json?.ok === true && typeof json.value === "object" && json.value !== null ? json.value : {};
  const creation: unknown = Reflect.get(value as object, "creation");
  return typeof creation === "string" ? creation : null;
}
