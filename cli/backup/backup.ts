// SPDX-License-Identifier: Apache-2.0
// Copies a served log into a folder: each full tile with its bundle and sidecar once, the issuers that entries name
// once, the tail each time. Everything is hashed, and the backup succeeds only if the result matches a checkpoint that
// the log's key signed.

import { equal } from "../../shared/bytes/bytes.ts";
import { decodeUtf8 } from "../../shared/bytes/utf8.ts";
import { type Backup, backupPath, encodeBackup } from "../../shared/logs/backup.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../shared/logs/records.ts";
import { sidecarPath } from "../../shared/rekor/sidecar.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { parseCheckpoint } from "../../shared/tlog/checkpoint.ts";
import type { Hash } from "../../shared/tlog/hash.ts";
import { parseNote } from "../../shared/tlog/note.ts";
import { decodeTile, encodeTile, fullTileRoot, TILE_WIDTH } from "../../shared/tlog/tile.ts";
import { type NoteVerifier, verifyLines } from "../../shared/tlog/verify-note.ts";
import { type IndexRow, readRows, type ServedLog } from "../served-log/index-rows.ts";
import { sidecarUrlPath } from "../served-log/paths.ts";
import {
  bundlePath,
  creationIn,
  isNamedBy,
  leavesOf,
  listNamedPaths,
  matchesCheckpoint,
  readNewestTail,
  tilePath,
  upperTiles,
} from "./contents.ts";
import type { BackupFolder } from "./folder.ts";

/** A served log with what it does not serve itself. */
export interface BackedUpLog extends ServedLog {
  /** The log's ECDSA key, from the trusted root. */
  readonly spki: Uint8Array;
  readonly verifier: NoteVerifier;
  /** The log was created at this time or earlier. */
  readonly createdAt: UnixMs;
  /** log.json from R2. */
  readonly logJson: Uint8Array;
}

/** The result of a backup. */
export interface BackedUp {
  readonly treeSize: number;
  /** The number of files added. */
  readonly newFiles: number;
}

/** Bundles fetched concurrently. */
const CONCURRENT_BUNDLES = 8;
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_CHECKPOINT_BYTES = 512 * 1024;
/** Larger than any certificate of a CA. */
const MAX_ISSUER_BYTES = 64 * 1024;

/** Copies one log. The error is a line for the operator. */
export async function backUpLog(
  log: BackedUpLog,
  folder: BackupFolder,
  onProgress: (done: number, total: number) => void,
): Promise<Result<BackedUp, string>> {
  const { name, kind } = log.config;
  const creation = creationIn(log.logJson);
  const before = folder.read(`${name}/log.json`);
  if (creation === null) return err(`log.json of the ${name} log has a format that this version does not support`);
  if (before !== null && !equal(before, log.logJson)) return err(`${folder.path} holds another ${name} log`);
  const head = await readHead(log);
  if (!head.ok) return head;
  const { treeSize, rootHash } = head.value;
  const tiles = Math.floor(treeSize / TILE_WIDTH);
  const files = new NewFiles(folder, name);
  const roots: Hash[] = [];
  for (let from = 0; from < tiles; from += CONCURRENT_BUNDLES) {
    const indexes = Array.from({ length: Math.min(CONCURRENT_BUNDLES, tiles - from) }, (_, i) => from + i);
    for (const root of await Promise.all(indexes.map((index) => copyTile(log, files, index)))) {
      if (!root.ok) return root;
      roots.push(root.value);
    }
    onProgress(roots.length, tiles);
  }
  const upper = upperTiles(roots);
  for (const { level, index, bytes } of upper.full) files.write(tilePath(level, index), bytes);
  const entries = await readTail(log, treeSize);
  if (!entries.ok) return entries;
  const records = entries.value.map(({ record }) => record);
  const named = await copyNamed(log, files, records);
  if (!named.ok) return named;
  const { spki, createdAt, config } = log;
  const { origin, baseUrl } = config;
  const identity = { name, origin, baseUrl, creation, spki, genesisSize: LOG_KINDS[kind].genesisSize, createdAt };
  const timestamp = entries.value.at(-1)?.timestamp ?? createdAt;
  const { checkpoint } = head.value;
  const tail: Backup = {
    ...identity,
    treeSize,
    rootHash,
    timestamp,
    checkpoint,
    edge: upper.open,
    entries: entries.value,
  };
  if (!matchesCheckpoint(kind, tail))
    return err(`the entries of ${baseUrl} do not match its checkpoint; for details: npx sigedge audit`);
  replaceTail(folder, files, tail);
  files.write("log.json", log.logJson);
  return ok({ treeSize, newFiles: files.count });
}

/** Writes the files of a log that the folder lacks, and counts them. */
class NewFiles {
  readonly folder: BackupFolder;
  readonly #name: string;
  count = 0;

  constructor(folder: BackupFolder, name: string) {
    this.folder = folder;
    this.#name = name;
  }

  read(path: string): Uint8Array | null {
    return this.folder.read(`${this.#name}/${path}`);
  }

  write(path: string, bytes: Uint8Array): void {
    const key = `${this.#name}/${path}`;
    if (this.folder.has(key)) return;
    this.folder.write(key, bytes);
    this.count++;
  }
}

interface Head {
  readonly treeSize: number;
  readonly rootHash: Hash;
  readonly checkpoint: string;
}

async function readHead({ config, tiles, verifier }: BackedUpLog): Promise<Result<Head, string>> {
  const path = `${config.baseUrl}/checkpoint`;
  const fetched = await tiles.read("checkpoint", MAX_CHECKPOINT_BYTES);
  if (fetched.kind !== "found") return err(`${path} cannot be read`);
  const note = parseNote(fetched.bytes);
  const text = decodeUtf8(fetched.bytes);
  const head = note.ok ? parseCheckpoint(note.value.text) : note;
  if (!note.ok || !head.ok || !text.ok || head.value.origin !== config.origin)
    return err(`${path} is not a checkpoint`);
  const verdicts = await verifyLines(note.value, [verifier]);
  if (!verdicts.some(({ isGood }) => isGood)) return err(`${path} is not signed by the key of the trusted root`);
  const { treeSize, rootHash } = head.value;
  return ok({ treeSize, rootHash, checkpoint: text.value });
}

/**
 * Copies a tile with its bundle and sidecar, and gives its root. The tile is written last, so its presence implies
 * the others.
 */
async function copyTile(log: BackedUpLog, files: NewFiles, index: number): Promise<Result<Hash, string>> {
  const { config, tiles, service } = log;
  const known = files.read(tilePath(0, index));
  if (known !== null) {
    const named = await copyNamedOfTile(log, files, index);
    return named.ok ? ok(fullTileRoot(decodeTile(known))) : named;
  }
  const path = bundlePath(config.kind, index);
  const bundle = await tiles.read(path, MAX_FILE_BYTES);
  if (bundle.kind !== "found") return err(`${config.baseUrl}/${path} cannot be read`);
  const leaves = leavesOf(config.kind, bundle.bytes);
  if (leaves?.length !== TILE_WIDTH) return err(`${config.baseUrl}/${path} is not a full bundle`);
  if (LOG_KINDS[config.kind].hasSidecars) {
    const sidecar = await service.read(sidecarUrlPath(index, config), MAX_FILE_BYTES);
    if (sidecar.kind !== "found")
      return err(`the sidecar of bundle ${index} is not in R2 yet or cannot be read; try again in a minute`);
    files.write(sidecarPath(index), sidecar.bytes);
  }
  const named = await copyNamed(log, files, LOG_RECORDS[config.kind].split(bundle.bytes) ?? []);
  if (!named.ok) return named;
  files.write(path, bundle.bytes);
  files.write(tilePath(0, index), encodeTile(leaves));
  return ok(fullTileRoot(leaves));
}

/** Copies what the entries of a tile name that the folder has: an older version has copied the tile alone. */
async function copyNamedOfTile(log: BackedUpLog, files: NewFiles, index: number): Promise<Result<null, string>> {
  const { kind } = log.config;
  const { namedPaths, split } = LOG_RECORDS[kind];
  const bundle = namedPaths === null ? null : files.read(bundlePath(kind, index));
  return bundle === null ? ok(null) : await copyNamed(log, files, split(bundle) ?? []);
}

/** Copies what records name and the folder lacks. */
async function copyNamed(
  { config, tiles }: BackedUpLog,
  files: NewFiles,
  records: readonly Uint8Array[],
): Promise<Result<null, string>> {
  for (const path of listNamedPaths(config.kind, records)) {
    if (files.read(path) !== null) continue;
    const fetched = await tiles.read(path, MAX_ISSUER_BYTES);
    if (fetched.kind !== "found") return err(`${config.baseUrl}/${path} cannot be read`);
    if (!isNamedBy(path, fetched.bytes)) return err(`${config.baseUrl}/${path} is another certificate`);
    files.write(path, fetched.bytes);
  }
  return ok(null);
}

async function readTail(log: BackedUpLog, treeSize: number): Promise<Result<readonly IndexRow[], string>> {
  const width = treeSize % TILE_WIDTH;
  return width === 0 ? ok([]) : await readRows(log, Math.floor(treeSize / TILE_WIDTH), width);
}

/** Writes the new copy of the tail, then removes the old one. */
function replaceTail(folder: BackupFolder, files: NewFiles, tail: Backup): void {
  const old = readNewestTail(folder, tail.name);
  files.write(backupPath(tail.treeSize), encodeBackup({ ...tail, createdAt: unixMs(tail.createdAt) }));
  if (old !== null && old.treeSize < tail.treeSize) folder.remove(`${tail.name}/${backupPath(old.treeSize)}`);
}
