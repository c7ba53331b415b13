// SPDX-License-Identifier: Apache-2.0
// Shows a log whose storage is lost or damaged as its newest backup has it. Such a log is never written again.
//
// It stays read-only even if backup and anchor hold the same head, when no answered entry is lost: a backup has no
// identities of published entries, so the next round would log a body a second time. A restored log has no rows. It is
// shown from memory, and code that knows no backups finds an empty storage.

import { equal } from "../../../shared/bytes/bytes.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { BACKUP_FOLDER, type Backup, backupSize, decodeBackup } from "../../../shared/logs/backup.ts";
import { objectKey } from "../../../shared/logs/config.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { LOG_JSON, readLogCreation } from "../../../shared/logs/log-json.ts";
import { parseCheckpoint } from "../../../shared/tlog/checkpoint.ts";
import { type Edge, edgeNodes, restoreEdge } from "../../../shared/tlog/edge.ts";
import type { TreeHead } from "../../../shared/tlog/head.ts";
import { parseNote } from "../../../shared/tlog/note.ts";
import { rootHash } from "../../../shared/tlog/proof.ts";
import { formatTilePath, TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { EntryRow } from "../tables/entries.ts";
import type { LogIdentity } from "../tables/log.ts";
import type { StateRow } from "../tables/state.ts";
import type { TailRows } from "../tables/tail.ts";
import type { RecoverDeps } from "./recover.ts";
import type { Refusal } from "./refusal.ts";

/** How many backups are tried, newest first. */
const MAX_TRIES = 4;

/** A log as a backup has it. */
export interface RestoredLog {
  readonly identity: LogIdentity;
  readonly state: StateRow;
  readonly edge: Edge;
  readonly rows: TailRows;
  /** Why the log does not run, what is lost and what to do. */
  readonly refusal: Refusal;
}

/**
 * Opens the newest backup of this log that proves itself: its entries add up to its tree head, and this log's key has
 * signed a checkpoint of that head. Null if there is none, if it has no more than `ownSize` entries, or if the anchor
 * contradicts it. Rejects if R2 or the anchor cannot be reached.
 * @param creation in the storage's own rows, null if they are gone
 * @param ownSize number of entries that the storage's own rows show, null if none
 * @param problem why the storage cannot be used
 */
export async function restoreFromBackup(
  deps: RecoverDeps,
  {
    creation,
    ownSize,
    problem,
  }: { readonly creation: string | null; readonly ownSize: number | null; readonly problem: string },
): Promise<RestoredLog | null> {
  const owner = await readCreation(deps);
  if (owner === null || (creation !== null && creation !== owner)) return null;
  const found = await openNewestBackup(deps, owner);
  if (found === null || (ownSize !== null && found.state.treeSize <= ownSize)) return null;
  const anchored = await deps.anchor.read();
  const { treeSize, rootHash: root } = found.state;
  if (anchored?.treeSize === treeSize && !equal(anchored.rootHash, root)) return null;
  const loss = await describeLoss(deps, treeSize, anchored);
  const lastTime = new Date(found.state.timestamp).toISOString();
  const reason = `${problem}. The log is shown as its backup has it: ${treeSize} entries, the last of ${lastTime}. ${loss} It takes no more entries: put the newest storage back, or open a new log beside it`;
  return { ...found, refusal: { code: "log_refusing", reason } };
}

/** Reads which log the bucket belongs to. Null if log.json does not say. */
async function readCreation({ config, objects }: RecoverDeps): Promise<string | null> {
  const bytes = await objects.get(objectKey(config, LOG_JSON));
  return bytes === null ? null : readLogCreation(bytes);
}

async function openNewestBackup(deps: RecoverDeps, creation: string): Promise<Omit<RestoredLog, "refusal"> | null> {
  const { config, objects } = deps;
  const prefix = objectKey(config, "");
  const keys = await objects.list(objectKey(config, BACKUP_FOLDER));
  const sizes = keys.map((key) => ({ key, size: backupSize(key.slice(prefix.length)) }));
  const newestFirst = sizes.filter(({ size }) => size !== null).toSorted((a, b) => Number(b.size) - Number(a.size));
  for (const { key, size } of newestFirst.slice(0, MAX_TRIES)) {
    const bytes = await objects.get(key);
    const backup = bytes === null ? null : decodeBackup(bytes);
    if (backup?.ok !== true || backup.value.treeSize !== size || backup.value.creation !== creation) continue;
    const opened = openBackup(deps, backup.value);
    if (opened !== null) return opened;
  }
  return null;
}

/** Null if the backup is of another log, or does not add up to a tree head that this log has signed. */
function openBackup(
  { config, format }: Pick<RecoverDeps, "config" | "format">,
  backup: Backup,
): Omit<RestoredLog, "refusal"> | null {
  const { name, origin, baseUrl, creation, spki, genesisSize, createdAt, treeSize, timestamp, checkpoint } = backup;
  const isOurs = name === config.name && origin === config.origin && baseUrl === config.baseUrl;
  if (!isOurs || !equal(spki, format.spki)) return null;
  try {
    const first = treeSize - backup.entries.length;
    const entries = backup.entries.map((entry, i): EntryRow => {
      const { leafHash } = format.readRecord(entry.record);
      return { ...entry, search: null, leafIndex: first + i, leafHash };
    });
    const leaves = treeSize === 0 ? [] : [entries.map(({ leafHash }) => leafHash)];
    const edge = restoreEdge(treeSize, [...leaves, ...backup.edge]);
    const root = rootHash(treeSize, edgeNodes(edge));
    if (!equal(root, backup.rootHash) || !isSignedHead(format, backup)) return null;
    const publishedTiles = Math.floor(treeSize / TILE_WIDTH);
    const cursors = { publishedTiles, publishedRoot: null, indexed: treeSize };
    return {
      identity: { creation, origin, baseUrl, spki, genesisSize, createdAt },
      state: { treeSize, rootHash: root, timestamp, checkpoint, previous: null, ...cursors },
      edge,
      rows: tailRows(entries),
    };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function isSignedHead(
  format: RecoverDeps["format"],
  { checkpoint, treeSize, rootHash: root, origin }: Backup,
): boolean {
  const note = parseNote(encodeUtf8(checkpoint));
  if (!note.ok || !format.hasSigned(note.value)) return false;
  const head = parseCheckpoint(note.value.text);
  return (
    head.ok && head.value.origin === origin && head.value.treeSize === treeSize && equal(head.value.rootHash, root)
  );
}

/** The rows of a tail, from memory. */
function tailRows(entries: readonly EntryRow[]): TailRows {
  const readEntries = (from: number, to: number): readonly EntryRow[] => {
    const found = entries.filter(({ leafIndex }) => leafIndex >= from && leafIndex < to);
    if (found.length !== to - from) throw new RangeError(`entries ${from} to ${to} are incomplete`);
    return found;
  };
  return {
    readRecords: (from, to) => readEntries(from, to).map(({ record }) => record),
    readSidecarLines: (from, to) => readEntries(from, to).map(({ timestamp, hints }) => ({ timestamp, hints })),
    readLeafHashes: (from, to) => readEntries(from, to).map(({ leafHash }) => leafHash),
    readEdgeTile: () => null,
  };
}

async function describeLoss(deps: RecoverDeps, treeSize: number, anchored: TreeHead | null): Promise<string> {
  if (anchored === null) return "Whether more followed is unknown, because the anchor is gone too.";
  if (anchored.treeSize <= treeSize)
    return "The anchor knows of no later ones, so no entry that was acknowledged is lost.";
  const range = `Entries ${treeSize} to ${anchored.treeSize - 1} were logged after it`;
  const end = await findPublishedEnd(deps, treeSize, anchored.treeSize);
  if (end >= anchored.treeSize) return `${range}: they are in R2's bundles, but no tree head proves them.`;
  if (end <= treeSize) return `${range} and are lost.`;
  return `${range}: those below ${end} are in R2's bundles, but no tree head proves them; ${end} to ${anchored.treeSize - 1} are lost.`;
}

/** Finds how far R2 has bundles. They were put there in order, so a binary search finds the last one. */
async function findPublishedEnd(
  { config, objects }: RecoverDeps,
  treeSize: number,
  anchoredSize: number,
): Promise<number> {
  let low = Math.floor(treeSize / TILE_WIDTH);
  let high = Math.floor(anchoredSize / TILE_WIDTH);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const path = formatTilePath({ level: LOG_KINDS[config.kind].bundleLevel, index: middle, width: TILE_WIDTH });
    if ((await objects.get(objectKey(config, path))) === null) high = middle;
    else low = middle + 1;
  }
  return low * TILE_WIDTH;
}
