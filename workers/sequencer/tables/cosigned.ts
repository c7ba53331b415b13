// SPDX-License-Identifier: Apache-2.0
// The table `cosigned`: the newest head that a quorum of witnesses has cosigned.

import { blob, buffer, integer, text } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { hash } from "../../../shared/tlog/hash.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import type { SizedStorage } from "../platform/durable-storage.ts";

/** A head that a quorum of witnesses has cosigned; the checkpoint has their lines. */
export interface CosignedRow extends SignedTreeHead {
  /** When the quorum was found. */
  readonly since: UnixMs;
}

/** The storage that holds the table. */
type Sql = Pick<SizedStorage, "exec">;

/** The newest cosigned head, null if there is none. */
export function readCosigned(storage: Sql): CosignedRow | null {
  const [row] = storage.exec("SELECT * FROM cosigned");
  if (row === undefined) return null;
  return {
    treeSize: integer(row, "size"),
    rootHash: hash(blob(row, "root")),
    timestamp: unixMs(integer(row, "time_ms")),
    checkpoint: text(row, "checkpoint"),
    since: unixMs(integer(row, "since_ms")),
  };
}

/** Replaces the newest cosigned head. */
export function writeCosigned(storage: Sql, { treeSize, rootHash, timestamp, checkpoint, since }: CosignedRow): void {
  storage.exec(
    "INSERT OR REPLACE INTO cosigned VALUES (1, ?, ?, ?, ?, ?)",
    treeSize,
    buffer(rootHash),
    timestamp,
    checkpoint,
    since,
  );
}
