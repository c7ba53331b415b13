// SPDX-License-Identifier: Apache-2.0
// Start-up has no storage, so the warm-up has its own: the few SQLite statements that a log and its anchor run while
// they are created, opened and extended by an entry or two.

import type { SizedStorage } from "../platform/durable-storage.ts";

type Value = ArrayBuffer | string | number | null;
type Row = Record<string, SqlStorageValue>;

/** Tables in memory. It understands the statements of the warm-up only. */
export class MemorySql implements SizedStorage {
  readonly #columns = new Map<string, readonly string[]>();
  readonly #rows = new Map<string, readonly Row[]>();

  transactionSync<T>(run: () => T): T {
    return run();
  }

  sizeBytes(): number {
    return 0;
  }

  exec(query: string, ...values: readonly Value[]): Row[] {
    const [, table = ""] = /\b(?:TABLE IF NOT EXISTS|TABLE|INTO|FROM|UPDATE) (\w+)/.exec(query) ?? [];
    switch (query.slice(0, "SELECT".length)) {
      case "CREATE":
      case "ALTER ":
        this.#columns.set(table, [...(this.#columns.get(table) ?? []), ...columnsOf(query)]);
        return [];
      case "INSERT":
        this.#insert(table, values, query.includes("(1,"));
        return [];
      case "UPDATE":
        return values.length === 0 ? [] : this.#moveHead(table, values);
      default:
        return [...this.#select(table, query, values)];
    }
  }

  #insert(table: string, values: readonly Value[], isOnly: boolean): void {
    const all = isOnly ? [1, ...values] : values;
    const row = Object.fromEntries((this.#columns.get(table) ?? []).map((name, i) => [name, all[i] ?? null]));
    this.#rows.set(table, isOnly ? [row] : [...(this.#rows.get(table) ?? []), row]);
  }

  /** The anchor's update: the new head's values come first. */
  #moveHead(table: string, [size = null, root = null]: readonly Value[]): Row[] {
    this.#rows.set(table, [{ size, root }]);
    return [{ id: 1 }];
  }

  #select(table: string, query: string, [name = "log"]: readonly Value[]): readonly Row[] {
    if (table === "sqlite_master") return typeof name === "string" && this.#columns.has(name) ? [{ name }] : [];
    // The warm-up submits no duplicates.
    return query.includes("WHERE identity") ? [] : (this.#rows.get(table) ?? []);
  }
}

const columnsOf = (query: string): readonly string[] =>
  Array.from(query.matchAll(/(\w+) (?:INTEGER|TEXT|BLOB)/g), ([, name = ""]) => name);
