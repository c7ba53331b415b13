// SPDX-License-Identifier: Apache-2.0
// What happens after the answers and never holds one up: full tiles to R2, rows to D1, and the cursors that say how far each
// has come. Repeating any of it is harmless. One run at a time; a failure waits for the next round or the alarm.

import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { LogDeps } from "../log.ts";
import { isDue } from "../platform/deadlines.ts";
import type { Refusal } from "../recovery/recover.ts";
import type { LogIdentity, State } from "../storage.ts";
import { TailBackups } from "./backup.ts";
import { feedIndex } from "./index-feed.ts";
import { publishTile } from "./publish.ts";

/** The alarm is a fallback for what a crash cut off; one in 30 s costs one row. */
const ALARM_AFTER_MS = 30_000;
/** A store that failed is left alone for so long, so that its outage does not cost a call a round. */
const BACK_OFF_MS = 5_000;

/** The part of the log that maintenance reads and moves. */
export interface MaintainedLog {
  /** Only a log that agrees with its anchor and with R2 writes anything. */
  isRunning(): boolean;
  /** A witness that was away has to be asked again. */
  isUnwitnessed(): boolean;
  identity(): LogIdentity | null;
  state(): State | null;
  update(state: State): void;
  /** Entries below `end` are in R2 and D1 and have no rows any more. */
  forget(end: number): void;
  refuse(refusal: Refusal): void;
}

type Store = "r2" | "d1";

export class Maintenance {
  readonly #deps: LogDeps;
  readonly #log: MaintainedLog;
  readonly #running: Record<Store, Promise<void> | null> = { r2: null, d1: null };
  readonly #backups: TailBackups;
  #alarmAt = unixMs(0);
  #notBefore = { r2: unixMs(0), d1: unixMs(0) };
  /** Rows below are gone. */
  #prunedTo = 0;

  constructor(deps: LogDeps, log: MaintainedLog) {
    this.#deps = deps;
    this.#log = log;
    this.#backups = new TailBackups(deps);
  }

  /** Called in the turn of a commit: makes sure that the work happens, now and, should the object die, by the alarm. */
  wake(): void {
    this.armAlarm();
    const state = this.#log.state();
    const isIdle = this.#running.r2 === null || this.#running.d1 === null;
    if (state !== null && isBehind(state) && isIdle) this.#deps.host.keepAlive(this.run());
  }

  /** The alarm that was set is over, whatever the clock says: it may be behind the platform's, or have been put back. */
  alarmRang(): void {
    this.#alarmAt = unixMs(0);
  }

  /** Sets the alarm if there is work, or may be, and no alarm is set. */
  armAlarm(): void {
    const { host } = this.#deps;
    const now = host.now();
    const at = this.#nextWork(now);
    // One that was set for later than any is set, the clock was put back.
    const isSet = this.#alarmAt > now && this.#alarmAt - now <= Math.max(ALARM_AFTER_MS, this.#deps.backupEveryMs);
    if (at === null || (isSet && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    host.setAlarm(at);
  }

  /** When the object has to be awake at the latest, null if nothing is owed. */
  #nextWork(now: UnixMs): UnixMs | null {
    const state = this.#log.state();
    const identity = this.#log.identity();
    const soon = unixMs(now + ALARM_AFTER_MS);
    if (state === null || identity === null || isBehind(state) || this.#log.isUnwitnessed()) return soon;
    const backupAt = this.#backups.nextAt(identity, state);
    if (backupAt === null) return null;
    return unixMs(isDue(backupAt, now, this.#deps.backupEveryMs) ? soon : Math.max(soon, backupAt));
  }

  /** Works until R2 and D1 have everything or fail; neither waits for the other. Does not reject. */
  async run(): Promise<void> {
    await Promise.all([this.#runStore("r2", () => this.#publishAll()), this.#runStore("d1", () => this.#feedAll())]);
  }

  async #runStore(store: Store, work: () => Promise<void>): Promise<void> {
    this.#running[store] ??= this.#guard(store, work).finally(() => {
      this.#running[store] = null;
    });
    await this.#running[store];
  }

  async #guard(store: Store, work: () => Promise<void>): Promise<void> {
    const { host, config } = this.#deps;
    if (!isDue(this.#notBefore[store], host.now(), BACK_OFF_MS)) return;
    try {
      await work();
    } catch (error) {
      this.#notBefore[store] = unixMs(host.now() + BACK_OFF_MS);
      host.logLine("maintenance_failed", { log: config.name, store, reason: String(error) });
    }
  }

  async #publishAll(): Promise<void> {
    for (let state = this.#due(); state !== null && hasFullTile(state); state = this.#due()) {
      const index = state.publishedTiles;
      const published = await publishTile(this.#deps, index);
      if (!published.ok) {
        this.#log.refuse(published.error);
        return;
      }
      // Other rounds have committed meanwhile: the cursor is set on the newest state, not on the one from before the await.
      this.#moveCursors({ publishedTiles: index + 1, publishedRoot: published.value });
    }
    const state = this.#due();
    const identity = this.#log.identity();
    if (state === null || identity === null) return;
    await this.#backups.make(identity, state, this.#deps.host.now());
    await this.#backups.removeOld(() => this.#due() !== null);
  }

  /** The state to work on, null if nothing may be written. */
  #due(): State | null {
    return this.#log.isRunning() ? this.#log.state() : null;
  }

  async #feedAll(): Promise<void> {
    const { config, storage, index } = this.#deps;
    for (;;) {
      const before = this.#due();
      if (before === null || before.indexed >= before.treeSize) return;
      const indexed = await feedIndex({ log: config.name, storage, index }, before.indexed, before.treeSize);
      const state = this.#log.state();
      if (state === null) return;
      // Kept in memory; the next round's state row carries it. Losing it repeats a few rows in D1.
      this.#log.update({ ...state, indexed });
      this.#prune();
    }
  }

  #moveCursors(cursors: Pick<State, "publishedTiles" | "publishedRoot">): void {
    const { storage } = this.#deps;
    const state = this.#log.state();
    if (state === null) return;
    const moved = { ...state, ...cursors };
    storage.transactionSync(() => storage.writeState(moved));
    this.#log.update(moved);
    this.#prune();
  }

  /** Drops the rows of tiles that both R2 and D1 have. */
  #prune(): void {
    const { storage } = this.#deps;
    const state = this.#log.state();
    if (state === null) return;
    const end = Math.min(state.publishedTiles, Math.floor(state.indexed / TILE_WIDTH)) * TILE_WIDTH;
    if (end <= this.#prunedTo) return;
    storage.transactionSync(() => {
      storage.writeState(state);
      storage.prune(end, state.publishedTiles);
    });
    this.#prunedTo = end;
    this.#log.forget(end);
  }
}

const hasFullTile = ({ treeSize, publishedTiles }: State): boolean => treeSize >= (publishedTiles + 1) * TILE_WIDTH;

const isBehind = (state: State): boolean => hasFullTile(state) || state.indexed < state.treeSize;
