// SPDX-License-Identifier: Apache-2.0
// D1 over node:sqlite, with the migrations of the repository and the part of its interface that the search uses.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

const MIGRATIONS = join(import.meta.dirname, "../../../migrations");

interface Statement {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** A D1 database in memory. */
export interface MemoryD1 {
  readonly d1: D1Database;
  readonly database: DatabaseSync;
  /** Every statement run. */
  readonly statements: readonly Statement[];
  /** Runs a batch at once, within the caller's transaction. */
  readonly run: (statements: readonly unknown[]) => readonly { readonly results: unknown[] }[];
  /** Makes every call reject with this error from now on; null repairs it. */
  fail: (reason: string | null) => void;
}

/** Creates an empty search index. */
export function memoryD1(): MemoryD1 {
  const database = new DatabaseSync(":memory:");
  for (const name of readdirSync(MIGRATIONS).toSorted()) {
    database.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
  }
  const seen: Statement[] = [];
  let failing: string | null = null;
  const statement = (sql: string, values: readonly SQLInputValue[]): Statement & { readonly bind: unknown } => {
    const bind = (...bound: readonly SQLInputValue[]): unknown => statement(sql, bound);
    return { sql, values, bind };
  };
  const pragma = (name: string): number => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  const sizeMeta = (): object => ({ size_after: pragma("page_count") * pragma("page_size") });
  const run = (statements: readonly Statement[]): readonly { readonly results: unknown[] }[] => {
    seen.push(...statements);
    return statements.map(({ sql, values }) => ({ results: database.prepare(sql).all(...values), meta: sizeMeta() }));
  };
  const batch = (statements: readonly Statement[]): Promise<unknown> => {
    if (failing !== null) return Promise.reject(new Error(failing));
    try {
      return Promise.resolve(run(statements));
    } catch (error) {
      return Promise.reject(error);
    }
  };
  const d1 = { prepare: (sql: string) => statement(sql, []), batch } as unknown as D1Database;
  const fail = (reason: string | null): void => {
    failing = reason;
  };
  return { d1, database, run: run as MemoryD1["run"], fail, statements: seen };
}
