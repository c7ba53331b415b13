// SPDX-License-Identifier: Apache-2.0
// The table `writer`: how many entries count against each budget.

import type { WriteBudget } from "../../../shared/rpc/sequencer.ts";
import { buffer, integer } from "../../../shared/sql/columns.ts";
import type { SizedStorage } from "../platform/durable-storage.ts";

/** How many entries count against a budget. */
export interface WriterCount {
  readonly budget: WriteBudget;
  readonly entries: number;
}

/** The storage that holds the table. */
type Sql = Pick<SizedStorage, "exec">;

/** How many entries count against a budget so far. */
export function readCount(storage: Sql, { writer, until }: WriteBudget): number {
  const query = "SELECT entries FROM writer WHERE until_ms = ? AND writer = ?";
  const [row] = storage.exec(query, until, buffer(writer));
  return row === undefined ? 0 : integer(row, "entries");
}

/** Writes how many entries count against a budget. */
export function writeCount(storage: Sql, { budget: { writer, until }, entries }: WriterCount): void {
  storage.exec("INSERT OR REPLACE INTO writer VALUES (?, ?, ?)", until, buffer(writer), entries);
}

/** Deletes counts that have ended before `time`, at most twice as many as a round can add. */
export function forgetCounts(storage: Sql, time: number): void {
  const ended = "SELECT until_ms, writer FROM writer WHERE until_ms < ? ORDER BY until_ms LIMIT 128";
  storage.exec(`DELETE FROM writer WHERE (until_ms, writer) IN (${ended})`, time);
}
