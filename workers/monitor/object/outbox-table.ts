// SPDX-License-Identifier: Apache-2.0
// Messages on their way. Those of one watch leave in their order: a message that fails holds back the ones behind it,
// and those of no other watch. A message stays until its receiver has accepted it.

import { decodeEvent, type MonitorEvent } from "../../../shared/monitor/event.ts";
import { decodeColumn, integer, type Row, text } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { MonitorStorage } from "./storage.ts";

/** Messages of a watch that wait one by one. Further ones are counted, and told as one. */
export const MAX_PENDING = 500;
/** Attempts after 15, 30, 60, … seconds. */
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 6 * 3_600_000;
/** Messages of a watch are held back after a week of failures. */
const PAUSED_AFTER_MS = 7 * 86_400_000;

/** A message of a watch. */
export interface Message {
  /** The order. */
  readonly id: number;
  readonly event: MonitorEvent;
  /** When it arose. */
  readonly at: UnixMs;
}

/** The messages of one watch that are due together, oldest first. */
export interface Due {
  readonly watch: string;
  readonly messages: readonly Message[];
}

/** The state of the deliveries of a watch. */
export interface Delivery {
  readonly failures: number;
  readonly failingSince: UnixMs | null;
  readonly pausedAt: UnixMs | null;
  readonly reason: string | null;
}

const NO_FAILURE: Delivery = { failures: 0, failingSince: null, pausedAt: null, reason: null };

/** The outbox of all watches. */
export class OutboxTable {
  readonly #storage: MonitorStorage;

  constructor(storage: MonitorStorage) {
    this.#storage = storage;
  }

  /** Adds a message; one with the key of a message that waits is the same one. */
  push(watch: string, event: MonitorEvent): void {
    if (this.count(watch) >= MAX_PENDING) {
      this.#storage.exec(
        `INSERT INTO surplus (watch, since, matches) VALUES (?, ?, 1)
        ON CONFLICT (watch) DO UPDATE SET matches = matches + 1`,
        watch,
        event.at,
      );
      return;
    }
    this.#storage.exec(
      "INSERT OR IGNORE INTO outbox (watch, key, event, at) VALUES (?, ?, ?, ?)",
      watch,
      event.key,
      JSON.stringify(event),
      event.at,
    );
  }

  /** How many messages of a watch wait one by one. */
  count(watch: string): number {
    const [row] = this.#storage.exec("SELECT COUNT(*) AS count FROM outbox WHERE watch = ?", watch);
    return row === undefined ? 0 : integer(row, "count");
  }

  /** The watches with messages that may be tried now, the one that waits longest first. */
  listReady(now: UnixMs, limit: number): readonly string[] {
    const rows = this.#storage.exec(
      `SELECT watch, MIN(outbox.id) AS first FROM outbox LEFT JOIN deliveries USING (watch)
      WHERE paused_at IS NULL AND COALESCE(next_at, 0) <= ? GROUP BY watch ORDER BY first LIMIT ?`,
      now,
      limit,
    );
    return rows.map((row) => text(row, "watch"));
  }

  /** The oldest messages of a watch. */
  read(watch: string, limit: number): readonly Message[] {
    return this.#storage
      .exec("SELECT id, event, at FROM outbox WHERE watch = ? ORDER BY id LIMIT ?", watch, limit)
      .map(decodeMessage);
  }

  /** Puts off a watch, without a failure: its digest is not due yet. */
  postpone(watch: string, until: UnixMs): void {
    this.#storage.exec(
      "INSERT INTO deliveries (watch, next_at) VALUES (?, ?) ON CONFLICT (watch) DO UPDATE SET next_at = excluded.next_at",
      watch,
      until,
    );
  }

  /** Removes what the receiver has accepted. What was too much follows as one message. */
  settle({ watch, messages }: Due, summarize: (matches: number, since: UnixMs) => MonitorEvent): void {
    const last = messages.at(-1);
    if (last === undefined) return;
    this.#storage.transactionSync(() => {
      this.#storage.exec("DELETE FROM outbox WHERE watch = ? AND id <= ?", watch, last.id);
      this.#storage.exec("DELETE FROM deliveries WHERE watch = ?", watch);
      if (this.count(watch) > 0) return;
      const [surplus] = this.#storage.exec("DELETE FROM surplus WHERE watch = ? RETURNING since, matches", watch);
      if (surplus !== undefined)
        this.push(watch, summarize(integer(surplus, "matches"), unixMs(integer(surplus, "since"))));
    });
  }

  /** Notes a failed attempt. Returns the state: it is paused if attempts have failed for a week. */
  fail(watch: string, reason: string, now: UnixMs): Delivery {
    const { failures, failingSince } = this.readDelivery(watch);
    const since = failingSince ?? now;
    const pausedAt = now - since >= PAUSED_AFTER_MS ? now : null;
    const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 20), LAST_RETRY_MS);
    this.#storage.exec(
      `INSERT OR REPLACE INTO deliveries (watch, failures, next_at, failing_since, paused_at, reason)
      VALUES (?, ?, ?, ?, ?, ?)`,
      watch,
      failures + 1,
      now + wait,
      since,
      pausedAt,
      reason,
    );
    return { failures: failures + 1, failingSince: since, pausedAt, reason };
  }

  readDelivery(watch: string): Delivery {
    const [row] = this.#storage.exec("SELECT * FROM deliveries WHERE watch = ?", watch);
    return row === undefined ? NO_FAILURE : decodeDelivery(row);
  }

  /** Tries a paused or failing watch again at once. */
  resume(watch: string): void {
    this.#storage.exec("DELETE FROM deliveries WHERE watch = ?", watch);
  }

  /** Forgets everything about a watch. */
  remove(watch: string): void {
    for (const table of ["outbox", "deliveries", "surplus"])
      this.#storage.exec(`DELETE FROM ${table} WHERE watch = ?`, watch);
  }

  /** When the next attempt is due; null if no message waits, or all that wait are paused. */
  nextAttemptAt(): number | null {
    const [row] = this.#storage.exec(
      `SELECT MIN(COALESCE(next_at, 0)) AS next FROM (SELECT DISTINCT watch FROM outbox)
      LEFT JOIN deliveries USING (watch) WHERE paused_at IS NULL`,
    );
    return row === undefined || row["next"] === null ? null : integer(row, "next");
  }

  /** How many messages wait, since when, and how many watches are paused. */
  summarize(): { readonly pending: number; readonly oldestPendingAt: UnixMs | null; readonly paused: number } {
    const [row = {}] = this.#storage.exec(
      `SELECT (SELECT COUNT(*) FROM outbox) AS pending, (SELECT MIN(at) FROM outbox) AS oldest,
      (SELECT COUNT(*) FROM deliveries WHERE paused_at IS NOT NULL) AS paused`,
    );
    const oldest = row["oldest"] === null ? null : unixMs(integer(row, "oldest"));
    return { pending: integer(row, "pending"), oldestPendingAt: oldest, paused: integer(row, "paused") };
  }
}

const timeOrNull = (row: Row, column: string): UnixMs | null =>
  row[column] === null ? null : unixMs(integer(row, column));

const decodeMessage = (row: Row): Message => ({
  id: integer(row, "id"),
  event: decodeColumn(row, "event", decodeEvent),
  at: unixMs(integer(row, "at")),
});

const decodeDelivery = (row: Row): Delivery => ({
  failures: integer(row, "failures"),
  failingSince: timeOrNull(row, "failing_since"),
  pausedAt: timeOrNull(row, "paused_at"),
  reason: row["reason"] === null ? null : text(row, "reason"),
});
