// SPDX-License-Identifier: Apache-2.0
// The table `dedup`: forever, the place of every identity, those of other forms included.

import { buffer, integer } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import type { SizedStorage } from "../platform/durable-storage.ts";

/** The place of an entry, by its identity. */
export interface KnownEntry {
  readonly leafIndex: number;
  /** Null in a log whose answers do not promise a time. */
  readonly timestamp: UnixMs | null;
}

/** The storage that holds the table. */
type Sql = Pick<SizedStorage, "exec">;

/** Keeps the place of an identity forever. Throws if it has one. */
export function insertPlace(storage: Sql, identity: Hash, { leafIndex, timestamp }: KnownEntry): void {
  storage.exec("INSERT INTO dedup VALUES (?, ?, ?)", buffer(identity), leafIndex, timestamp);
}

/** The place of the entry with this identity, null if there is none. */
export function findPlace(storage: Sql, identity: Hash): KnownEntry | null {
  const [row] = storage.exec("SELECT idx, time_ms FROM dedup WHERE identity = ?", buffer(identity));
  if (row === undefined) return null;
  return {
    leafIndex: integer(row, "idx"),
    timestamp: row["time_ms"] === null ? null : unixMs(integer(row, "time_ms")),
  };
}
