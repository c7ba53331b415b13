// SPDX-License-Identifier: Apache-2.0
// The tables `log` and `frozen`: what a log is from its creation on, and when it ended.

import { blob, buffer, integer, text } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { SizedStorage } from "../platform/durable-storage.ts";

/** The identity that a log got at its creation. */
export interface LogIdentity {
  /** Random, and the same in R2's log.json, so that two logs are never mistaken for one. */
  readonly creation: string;
  readonly origin: string;
  readonly baseUrl: string;
  readonly spki: Uint8Array;
  readonly genesisSize: number;
  readonly createdAt: UnixMs;
}

/** The storage that holds the table. */
type Sql = Pick<SizedStorage, "exec">;

/** Null if there is no log yet. */
export function readLogIdentity(storage: Sql): LogIdentity | null {
  const tables = storage.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'log'");
  const [row] = tables.length === 0 ? [] : storage.exec("SELECT * FROM log");
  if (row === undefined) return null;
  return {
    creation: text(row, "creation"),
    origin: text(row, "origin"),
    baseUrl: text(row, "base_url"),
    spki: blob(row, "spki"),
    genesisSize: integer(row, "genesis_size"),
    createdAt: unixMs(integer(row, "created_ms")),
  };
}

/** Writes the row of a new log. Throws if there is one. */
export function insertLogIdentity(storage: Sql, identity: LogIdentity): void {
  storage.exec(
    "INSERT INTO log VALUES (1, ?, ?, ?, ?, ?, ?)",
    identity.creation,
    identity.origin,
    identity.baseUrl,
    buffer(identity.spki),
    identity.genesisSize,
    identity.createdAt,
  );
}

/** When the log was frozen, null if it was not. */
export function readFrozenAt(storage: Sql): UnixMs | null {
  const [row] = storage.exec("SELECT time_ms FROM frozen");
  return row === undefined ? null : unixMs(integer(row, "time_ms"));
}

/** Throws if the log is already frozen. */
export function writeFrozen(storage: Sql, frozenAt: UnixMs): void {
  storage.exec("INSERT INTO frozen VALUES (1, ?)", frozenAt);
}
