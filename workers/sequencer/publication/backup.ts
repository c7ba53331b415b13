// SPDX-License-Identifier: Apache-2.0
// Copies the tail to R2, behind the answers and at most every ten minutes, so that a log whose storage is lost can
// still be read. Each backup is an object of its own, created and never replaced, like every object of the log: a put
// that arrives late creates an old backup but cannot overwrite a new one. The newest two are kept.

import { backupPath, encodeBackup } from "../../../shared/logs/backup.ts";
import { objectKey } from "../../../shared/logs/config.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { nodesAtLevel, TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import { isDue } from "../platform/deadlines.ts";
import type { LogStorage } from "../storage.ts";
import type { StoredBackup } from "../tables/backups.ts";
import type { LogIdentity } from "../tables/log.ts";
import type { StateRow } from "../tables/state.ts";
import type { PublishDeps } from "./publish.ts";

/** One more than needed: the older one stays until the newer one is known to exist. */
const KEPT_BACKUPS = 2;

interface BackupDeps extends PublishDeps {
  readonly backupEveryMs: number;
}

/** Makes the backups of one log and deletes old ones. */
export class TailBackups {
  readonly #deps: BackupDeps;
  /** The backups in the rows, null before these were read. */
  #known: readonly StoredBackup[] | null = null;

  constructor(deps: BackupDeps) {
    this.#deps = deps;
  }

  get #backups(): readonly StoredBackup[] {
    this.#known ??= this.#deps.storage.readBackups();
    return this.#known;
  }

  /** When the next backup may be made, null if the newest one is of this tree. */
  findNextTime({ createdAt }: LogIdentity, { treeSize }: StateRow): UnixMs | null {
    const newest = this.#backups.at(-1);
    if (treeSize === (newest?.treeSize ?? 0)) return null;
    return unixMs((newest?.madeAt ?? createdAt) + this.#deps.backupEveryMs);
  }

  /**
   * Makes a backup if one is due and all full tiles of the tree are in R2. Rejects if R2 fails; repeating all of it is
   * harmless.
   */
  async make(identity: LogIdentity, state: StateRow, now: UnixMs): Promise<void> {
    const { config, objects, backupEveryMs } = this.#deps;
    const { treeSize, publishedTiles } = state;
    const at = this.findNextTime(identity, state);
    const isPublished = publishedTiles === Math.floor(treeSize / TILE_WIDTH);
    if (at === null || !isDue(at, now, backupEveryMs) || !isPublished) return;
    // A taken key holds a backup of this same tree, from a put whose answer was lost. A restore checks what it finds.
    await objects.create(objectKey(config, backupPath(treeSize)), encodeTail(this.#deps, identity, state));
    this.#write((storage) => storage.insertBackup({ treeSize, madeAt: now }));
  }

  /** Deletes the backups that newer ones have replaced, as long as the log may write. Rejects if R2 fails. */
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

/** Encodes the tail. The rows may be ahead of the state by a round that the anchor does not hold yet. */
function encodeTail({ config, storage }: PublishDeps, identity: LogIdentity, state: StateRow): Uint8Array {
  const { treeSize, rootHash, timestamp, checkpoint, publishedTiles } = state;
  const edge = [];
  for (let level = 1; nodesAtLevel(treeSize, level) > 0; level++) {
    const nodes = nodesAtLevel(treeSize, level);
    const hashes = storage.readEdgeTile(level, Math.floor(nodes / TILE_WIDTH)) ?? [];
    edge.push(hashes.slice(0, nodes % TILE_WIDTH));
  }
  const entries = storage.readInSteps(publishedTiles * TILE_WIDTH, treeSize);
  return encodeBackup({ name: config.name, ...identity, treeSize, rootHash, timestamp, checkpoint, edge, entries });
}
