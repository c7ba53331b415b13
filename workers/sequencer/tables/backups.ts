// SPDX-License-Identifier: Apache-2.0
// The table `backup`: the backups of the tail that R2 is known to have.

import { integer } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { SizedStorage } from "../platform/durable-storage.ts";

/** A backup of the tail in R2. */
export interface StoredBackup {
  readonly treeSize: number;
  readonly madeAt: UnixMs;
}

/** The storage that holds the table. */
type Sql = Pick<SizedStorage, "exec">;

/** The backups, smallest first. */
export function readBackups(storage: Sql): readonly StoredBackup[] {
  const rows = storage.exec("SELECT * FROM backup ORDER BY size");
  return rows.map((row) => ({ treeSize: integer(row, "size"), madeAt: unixMs(integer(row, "made_ms")) }));
}

/** Adds a backup, or the newer one of the same size. */
export function insertBackup(storage: Sql, { treeSize, madeAt }: StoredBackup): void {
  storage.exec("INSERT OR REPLACE INTO backup VALUES (?, ?)", treeSize, madeAt);
}

/** Forgets the backup of this size. */
export function deleteBackup(storage: Sql, treeSize: number): void {
  storage.exec("DELETE FROM backup WHERE size = ?", treeSize);
}
