// SPDX-License-Identifier: Apache-2.0
// The tables of the monitor, and what they need of an object.

import type { Schema, SchemaStorage } from "../../../shared/sql/schema.ts";

/** The object's SQLite. */
export type MonitorStorage = SchemaStorage;

/** To change a table, append a step. */
export const MONITOR_SCHEMA: Schema = {
  firstTable: "cursors",
  steps: [
    [
      // One row per log: every entry below `next` was looked at, and what it caused is in the outbox.
      `CREATE TABLE cursors (
        log TEXT PRIMARY KEY, next INTEGER NOT NULL, complete_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
      // The watches of people: each of their own name.
      `CREATE TABLE watches (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, channel TEXT NOT NULL, created_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
      "CREATE INDEX watches_by_name ON watches (name)",
      // Messages in the order in which they arose.
      `CREATE TABLE outbox (
        id INTEGER PRIMARY KEY, watch TEXT NOT NULL, key TEXT NOT NULL, event TEXT NOT NULL,
        at INTEGER NOT NULL, UNIQUE (watch, key)
      ) STRICT`,
      "CREATE INDEX outbox_by_watch ON outbox (watch, id)",
      // A row of a watch whose messages fail, or were too many.
      `CREATE TABLE deliveries (
        watch TEXT PRIMARY KEY, failures INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL DEFAULT 0,
        failing_since INTEGER, paused_at INTEGER, reason TEXT
      ) STRICT, WITHOUT ROWID`,
      // Matches beyond the messages that may wait: counted, and told as one.
      `CREATE TABLE surplus (
        watch TEXT PRIMARY KEY, since INTEGER NOT NULL, matches INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
      // Seals what browsers and mailboxes keep for us.
      "CREATE TABLE secret (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL) STRICT",
    ],
    [
      // Problems that the operator was told and that are not over.
      `CREATE TABLE causes (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, since INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
    ],
    [
      // Configured watches whose recipients have ended the mails.
      `CREATE TABLE ended (
        id TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (id, address)
      ) STRICT, WITHOUT ROWID`,
    ],
  ],
};
