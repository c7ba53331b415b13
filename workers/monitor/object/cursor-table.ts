// SPDX-License-Identifier: Apache-2.0
// How far the monitor has looked in each log. The stored cursor may be behind the one in memory by fewer than
// SAVED_EVERY entries: none of those concerned anybody, and after a restart they are looked at again. So an entry that
// concerns nobody costs no row.

import { integer, text } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { MonitorStorage } from "./storage.ts";

/** As many as one bundle has. */
const SAVED_EVERY = 256;

/** One log's cursor. */
export interface Cursor {
  /** The next entry to look at. */
  readonly next: number;
  /** When everything that the log showed had been looked at. */
  readonly completeAt: UnixMs;
}

/** The cursors of all logs. */
export class CursorTable {
  readonly #storage: MonitorStorage;
  readonly #cursors = new Map<string, Cursor>();
  readonly #saved = new Map<string, number>();

  constructor(storage: MonitorStorage) {
    this.#storage = storage;
  }

  /** Reads what is stored; call it once the tables exist. */
  load(): void {
    for (const row of this.#storage.exec("SELECT log, next, complete_at FROM cursors")) {
      const cursor = { next: integer(row, "next"), completeAt: unixMs(integer(row, "complete_at")) };
      this.#cursors.set(text(row, "log"), cursor);
      this.#saved.set(text(row, "log"), cursor.next);
    }
  }

  get isEmpty(): boolean {
    return this.#cursors.size === 0;
  }

  get(log: string): Cursor | null {
    return this.#cursors.get(log) ?? null;
  }

  /** Moves a cursor in memory, and in storage where it is far ahead of what is stored there. */
  move(log: string, cursor: Cursor): void {
    this.#cursors.set(log, cursor);
    if (cursor.next - (this.#saved.get(log) ?? -SAVED_EVERY) >= SAVED_EVERY) this.save(log, cursor);
  }

  /** Moves a cursor in memory and in storage; within the transaction of what the entries before it caused. */
  save(log: string, cursor: Cursor): void {
    this.#storage.exec(
      "INSERT OR REPLACE INTO cursors (log, next, complete_at) VALUES (?, ?, ?)",
      log,
      cursor.next,
      cursor.completeAt,
    );
    this.#cursors.set(log, cursor);
    this.#saved.set(log, cursor.next);
  }

  /** Stores all cursors as they are in memory, so that a new watch hears of nothing that was before it. */
  saveAll(): void {
    for (const [log, cursor] of this.#cursors) if (this.#saved.get(log) !== cursor.next) this.save(log, cursor);
  }

  /** Forgets all cursors: nobody watches any more, and whoever does next begins at the end of the logs. */
  clear(): void {
    if (this.isEmpty) return;
    this.#storage.exec("DELETE FROM cursors");
    this.#cursors.clear();
    this.#saved.clear();
  }
}
