// SPDX-License-Identifier: Apache-2.0
// Copies the tail to R2, at most every ten minutes and behind every answer, so that a lost object can still be read. Each copy
// is an object of its own, created and never replaced, as all objects of the log are: a put that comes late creates an old copy,
// and never puts an old one in the place of a new one. The newest two are kept.

import { backupPath, encodeBackup } from "../../../shared/logs/backup.ts";
import { objectKey } from "../../../shared/logs/config.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { nodesAtLevel, TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import { isDue } from "../platform/deadlines.ts";
import type { LogIdentity, LogStorage, State, StoredBackup } from "../storage.ts";
import type { PublishDeps } from "./publish.ts";

/** One more than is needed: the older one is there until the newer one is known to be. */
const KEPT_BACKUPS = 2;

interface BackupDeps extends PublishDeps {
  readonly backupEveryMs: number;
}

export class TailBackups {
  readonly #deps: BackupDeps;
  /** What the rows say; null before they were read. */
  #known: readonly StoredBackup[] | null = null;

  constructor(deps: BackupDeps) {
    this.#deps = deps;
  }

  get #backups(): readonly StoredBackup[] {
    this.#known ??= this.#deps.storage.readBackups();
    return this.#known;
  }

  /** When the next copy may be made; null if the newest one is of this tree. */
  nextAt({ createdAt }: LogIdentity, { treeSize }: State): UnixMs | null {
    const newest = this.#backups.at(-1);
    if (treeSize === (newest?.treeSize ?? 0)) return null;
    return unixMs((newest?.madeAt ?? createdAt) + this.#deps.backupEveryMs);
  }

  /**
   * Makes a copy if one is due. A tree whose full tiles are not all in R2 has to wait for them. Rejects when R2 fails; all of it
   * can be repeated.
   */
  async make(identity: LogIdentity, state: State, now: UnixMs): Promise<void> {
    const { config, objects, backupEveryMs } = this.#deps;
    const { treeSize, publishedTiles } = state;
    const at = this.nextAt(identity, state);
    const isPublished = publishedTiles === Math.floor(treeSize / TILE_WIDTH);
    if (at === null || !isDue(at, now, backupEveryMs) || !isPublished) return;
    // A key that is taken holds a copy of this same tree, from a put whose answer was lost; a restore checks what it finds.
    await objects.create(objectKey(config, backupPath(treeSize)), encodeTail(this.#deps, identity, state));
    this.#write((storage) => storage.insertBackup({ treeSize, madeAt: now }));
  }

  /** Takes away what newer copies have replaced, as long as the log may write. Rejects when R2 fails. */
  async removeOld(mayWrite: () => boolean): Promise<void> {
    const { config, objects } = this.#deps;
    while (this.#backups.length > KEPT_BACKUPS && mayWrite()) {
      const { treeSize } = this.#backups[0] ?? { treeSize: 0 };
      await objects.remove(objectKey(config, backupPath(treeSize)));
      this.#write((storage) => storage.deleteBackup(treeSize));
    }
  }

  #write(write: (storage: LogStorage) => void): void {
    const { storage } = this.#deps;
    this.#known = null;
    storage.transactionSync(() => write(storage));
  }
}

/** Synchronous: rows and state are of one moment. */
function encodeTail({ config, storage }: PublishDeps, identity: LogIdentity, state: State): Uint8Array {
  const { treeSize, rootHash, timestamp, checkpoint, publishedTiles } = state;
  const edge = [];
  for (let level = 1; nodesAtLevel(treeSize, level) > 0; level++) {
    edge.push(storage.readEdgeTile(level, Math.floor(nodesAtLevel(treeSize, level) / TILE_WIDTH)) ?? []);
  }
  const entries = storage.readEntries(publishedTiles * TILE_WIDTH, treeSize);
  return encodeBackup({ name: config.name, ...identity, treeSize, rootHash, timestamp, checkpoint, edge, entries });
}
