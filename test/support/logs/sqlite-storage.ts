// SPDX-License-Identifier: Apache-2.0
// A Durable Object's storage outside workerd, over real SQLite (node:sqlite).

import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import type { SizedStorage } from "../../../workers/sequencer/platform/durable-storage.ts";

/** Storage as a Durable Object has it: what was committed survives the object. */
export class SqliteStorage implements SizedStorage {
  readonly database = new DatabaseSync(":memory:");
  #inTransaction = false;

  exec(
    query: string,
    ...bindings: readonly (ArrayBuffer | string | number | null)[]
  ): Record<string, SqlStorageValue>[] {
    const values = bindings.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    return this.database
      .prepare(query)
      .all(...values)
      .map(toRow);
  }

  transactionSync<T>(run: () => T): T {
    if (this.#inTransaction) return run();
    this.#inTransaction = true;
    this.database.exec("BEGIN");
    try {
      const value = run();
      this.database.exec("COMMIT");
      return value;
    } catch (error) {
      this.database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  sizeBytes(): number {
    const [row] = this.exec(
      "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    );
    return Number(row?.["bytes"]);
  }

  /** Copies everything, so that a test can restore an older state. */
  snapshot(): SqliteStorage {
    const copy = new SqliteStorage();
    for (const { sql } of this.database.prepare("SELECT sql FROM sqlite_master WHERE type = 'table'").all()) {
      copy.database.exec(String(sql));
    }
    for (const { name } of this.database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
      for (const row of this.database.prepare(`SELECT * FROM ${String(name)}`).all()) {
        const values = Object.values(row);
        copy.database.prepare(`INSERT INTO ${String(name)} VALUES (${values.map(() => "?").join()})`).run(...values);
      }
    }
    return copy;
  }
}

function toRow(row: Record<string, SQLOutputValue>): Record<string, SqlStorageValue> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === "bigint") throw new RangeError("a bigint");
      return [name, value instanceof Uint8Array ? new Uint8Array(value).buffer : value];
    }),
  );
}
