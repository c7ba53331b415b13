// SPDX-License-Identifier: Apache-2.0
// The work behind the answers, which never holds one up: full tiles to R2, rows to D1, and the cursors that say how far
// each has come. Repeating any of it is harmless. R2 and D1 each have one run at a time; after a failure the next round
// or the alarm tries again.

import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { LogDeps } from "../deps.ts";
import { isDue } from "../platform/deadlines.ts";
import type { Refusal } from "../recovery/refusal.ts";
import type { LogMemory } from "../rounds/memory.ts";
import type { StateRow } from "../tables/state.ts";
import { TailBackups } from "./backup.ts";
import { feedIndex } from "./index-feed.ts";
import { publishTile } from "./publish.ts";
import { StoredEntries } from "./stored-entries.ts";

/** The alarm is the fallback for work that a crash cut off. One per 30 s costs one row. */
const ALARM_AFTER_MS = 30_000;
/** How long a store that failed is left alone, so that its outage does not cost a call per round. */
const BACK_OFF_MS = 5_000;
/**
 * How many published tiles keep their rows while D1 lags: D1 is fed from rows for less than from R2. Beyond that, rows
 * go, whatever D1 has.
 */
const TILES_KEPT_FOR_INDEX = 4;
/**
 * How many bundles D1 is fed from R2 by one invocation: 24 calls of R2 and D1, of the 50 that the Free plan allows. The
 * alarm continues.
 */
const STORED_BUNDLES = 4;
/** How soon the alarm continues to feed D1 from R2. */
const CONTINUE_AFTER_MS = 1_000;

/** The other parts of the log that maintenance works with. */
interface MaintenanceParts {
  readonly memory: LogMemory;
  /** Witnesses that were unreachable are retried. */
  readonly witnesses: { readonly isBehind: boolean } | null;
  /** Stops the log. */
  readonly refuse: (refusal: Refusal) => void;
}

type Store = "r2" | "d1";

/** Publishes, indexes and backs up what the rounds have committed, and drops rows that are no longer needed. */
export class Maintenance {
  readonly #deps: LogDeps;
  readonly #parts: MaintenanceParts;
  readonly #running: Record<Store, Promise<void> | null> = { r2: null, d1: null };
  readonly #backups: TailBackups;
  #alarmAt = unixMs(0);
  #notBefore = { r2: unixMs(0), d1: unixMs(0) };
  /** Entries below this index have no row. Null before the rows were read. */
  #firstRow: number | null = null;
  /** Whether D1 needs more from R2 than one invocation may send it. */
  #isUnfinished = false;

  constructor(deps: LogDeps, parts: MaintenanceParts) {
    this.#deps = deps;
    this.#parts = parts;
    this.#backups = new TailBackups(deps);
  }

  /** Makes sure that the work of a round happens even if the object dies. Call it in the turn of its transaction. */
  expectWork(): void {
    this.#setAlarm(unixMs(this.#deps.host.now() + ALARM_AFTER_MS));
  }

  /** Does the work that there is, and makes sure that it happens even if the object dies. */
  wake(): void {
    this.armAlarm();
    const { state } = this.#parts.memory;
    const isIdle = this.#running.r2 === null || this.#running.d1 === null;
    if (state !== null && isBehind(state) && isIdle) this.#deps.host.keepAlive(this.run());
  }

  /**
   * Notes that the alarm has rung, whatever the clock says: it may lag behind the platform's, or have been put back.
   */
  recordAlarm(): void {
    this.#alarmAt = unixMs(0);
  }

  /** Sets the alarm if there is or may be work and no alarm is set. */
  armAlarm(): void {
    const at = this.#nextWork(this.#deps.host.now());
    if (at !== null) this.#setAlarm(at);
  }

  /** Sets the alarm, unless one is set that comes earlier. */
  #setAlarm(at: UnixMs): void {
    const { host } = this.#deps;
    const now = host.now();
    // An alarm later than any that is ever set means that the clock was put back.
    const isSet = this.#alarmAt > now && this.#alarmAt - now <= Math.max(ALARM_AFTER_MS, this.#deps.backupEveryMs);
    if (isSet && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    host.setAlarm(at);
  }

  /** The latest time at which the object must be awake, null if nothing is owed. */
  #nextWork(now: UnixMs): UnixMs | null {
    const { state, identity } = this.#parts.memory;
    if (this.#isUnfinished) return unixMs(now + CONTINUE_AFTER_MS);
    const soon = unixMs(now + ALARM_AFTER_MS);
    const isUnwitnessed = this.#parts.witnesses?.isBehind === true;
    if (state === null || identity === null || isBehind(state) || isUnwitnessed) return soon;
    const backupAt = this.#backups.findNextTime(identity, state);
    if (backupAt === null) return null;
    return unixMs(isDue(backupAt, now, this.#deps.backupEveryMs) ? soon : Math.max(soon, backupAt));
  }

  /** Works until R2 and D1 have everything or fail. Neither waits for the other. Does not reject. */
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
    for (
      let state = this.#readWritableState();
      state !== null && hasFullTile(state);
      state = this.#readWritableState()
    ) {
      const index = state.publishedTiles;
      const published = await publishTile(this.#deps, index);
      if (!published.ok) {
        this.#parts.refuse(published.error);
        return;
      }
      // Other rounds may have committed during the await, so the cursor is set on the newest state.
      const { state: newest } = this.#parts.memory;
      if (newest === null) return;
      this.#settle({ ...newest, publishedTiles: index + 1, publishedRoot: published.value }, true);
    }
    const state = this.#readWritableState();
    const { identity } = this.#parts.memory;
    if (state === null || identity === null) return;
    await this.#backups.make(identity, state, this.#deps.host.now());
    await this.#backups.removeOld(() => this.#readWritableState() !== null);
  }

  /** The newest state, null if nothing may be written. */
  #readWritableState(): StateRow | null {
    const { memory } = this.#parts;
    return memory.isRunning ? memory.state : null;
  }

  async #feedAll(): Promise<void> {
    const { config, format, storage, index } = this.#deps;
    const { memory } = this.#parts;
    const stored = new StoredEntries(this.#deps);
    this.#isUnfinished = false;
    let storedEntries = 0;
    for (;;) {
      const before = this.#readWritableState();
      const { identity } = memory;
      if (before === null || identity === null || before.indexed >= before.treeSize) return;
      const firstRow = this.#readFirstRow(before);
      const isStored = before.indexed < firstRow;
      if (isStored && storedEntries >= STORED_BUNDLES * TILE_WIDTH) {
        this.#isUnfinished = true;
        return;
      }
      const log = { name: config.name, creation: identity.creation };
      const indexed = await feedIndex({ log, format, storage, stored, index }, before, firstRow);
      // Rounds may have committed during the await, so the cursor is set on the newest state.
      if (memory.state === null) return;
      if (indexed > memory.state.treeSize)
        throw new Error(`the search index has ${indexed} entries, more than the log: run sigedge reindex`);
      if (indexed === before.indexed) throw new Error(`the search index stays at ${indexed} entries`);
      if (indexed < before.indexed) this.#reportLoss(before.indexed, indexed);
      if (isStored) storedEntries += Math.max(1, indexed - before.indexed);
      // In memory only; the next round's state row, or the alarm, writes it. Losing it repeats a few rows in D1.
      memory.state = { ...memory.state, indexed };
      this.#settle(memory.state, false);
    }
  }

  #reportLoss(indexed: number, complete: number): void {
    const { host, config } = this.#deps;
    host.logLine("index_lost", { log: config.name, indexed, complete });
  }

  /**
   * Writes the cursor of D1, and that the anchor holds the head, if nothing else has: then an idle log does not feed
   * the same entries at each start, and shows its head before the anchor answers. Call it in the alarm: rounds write
   * the cursor with their state, and one row for each entry would be one too many. Does not throw: without the cursor,
   * the next start feeds the entries again.
   */
  saveCursor(): void {
    const { storage, host, config } = this.#deps;
    const state = this.#readWritableState();
    if (state === null) return;
    try {
      if (storage.readState().indexed === state.indexed && storage.isStateAnchored()) return;
      storage.transactionSync(() => storage.writeCursors(state));
    } catch (error) {
      host.logLine("maintenance_failed", { log: config.name, store: "rows", reason: String(error) });
    }
  }

  #readFirstRow({ treeSize }: StateRow): number {
    this.#firstRow ??= this.#deps.storage.readFirstIndex() ?? treeSize;
    return this.#firstRow;
  }

  /**
   * Writes the state if a cursor has moved, and in the same transaction drops the rows of tiles that R2 has, as soon as
   * D1 has them too or lags by more than a few tiles.
   */
  #settle(state: StateRow, isMoved: boolean): void {
    const { storage } = this.#deps;
    const end = endOfDroppable(state);
    const isPrunable = end > this.#readFirstRow(state);
    if (!isMoved && !isPrunable) return;
    storage.transactionSync(() => {
      storage.writeCursors(state);
      if (isPrunable) storage.prune(end, state.publishedTiles);
    });
    this.#parts.memory.state = state;
    if (isPrunable) this.#firstRow = end;
  }
}

/** Entries below this index need no row. */
function endOfDroppable({ publishedTiles, indexed }: StateRow): number {
  const wanted = Math.max(Math.floor(indexed / TILE_WIDTH), publishedTiles - TILES_KEPT_FOR_INDEX);
  return Math.min(publishedTiles, wanted) * TILE_WIDTH;
}

const hasFullTile = ({ treeSize, publishedTiles }: StateRow): boolean => treeSize >= (publishedTiles + 1) * TILE_WIDTH;

const isBehind = (state: StateRow): boolean => hasFullTile(state) || state.indexed < state.treeSize;
