// SPDX-License-Identifier: Apache-2.0
// Schema versions of a Durable Object's tables, and the migration from each version to the newest. Does not know what
// the tables are for. The version is stored in a row, because an object's SQLite has no user_version.

import { err, ok, type Result } from "../result.ts";

/** The part of an object's SQLite that migrations use. */
export interface SchemaStorage {
  exec(query: string, ...bindings: readonly (ArrayBuffer | string | number | null)[]): Record<string, unknown>[];
  transactionSync<T>(run: () => T): T;
}

/** The statements that lead from one version to the next. A released step is never edited; append another one. */
export type SchemaStep = readonly string[];

/** The versions of a set of tables. */
export interface Schema {
  /** `steps[i]` leads from version i to version i + 1. Version 0 is an object without tables. */
  readonly steps: readonly SchemaStep[];
  /** A table of version 1. Objects written before versions were stored have this table but no version. */
  readonly firstTable: string;
}

/** A newer version of the software has written the tables. */
export interface SchemaTooNew {
  readonly code: "schema_too_new";
  readonly stored: number;
  readonly known: number;
}

const VERSION_TABLE =
  "CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL) STRICT";

/**
 * Migrates the tables to the newest version in one transaction; writes nothing if they have it already. Fails with
 * schema_too_new, and writes nothing, if newer code has written them. Throws RangeError if the version is damaged.
 */
export function migrate(storage: SchemaStorage, schema: Schema): Result<null, SchemaTooNew> {
  const stored = schemaVersion(storage, schema);
  const known = schema.steps.length;
  if (stored > known) return err({ code: "schema_too_new", stored, known });
  if (stored === known) return ok(null);
  storage.transactionSync(() => {
    for (const statement of schema.steps.slice(stored).flat()) storage.exec(statement);
    storage.exec(VERSION_TABLE);
    storage.exec("INSERT OR REPLACE INTO schema_version VALUES (1, ?)", known);
  });
  return ok(null);
}

/** Reads the version of the tables, 0 if there are none. */
export function schemaVersion(storage: Pick<SchemaStorage, "exec">, { firstTable }: Schema): number {
  if (!hasTable(storage, "schema_version")) return hasTable(storage, firstTable) ? 1 : 0;
  const version = storage.exec("SELECT version FROM schema_version")[0]?.["version"];
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1)
    throw new RangeError("the schema version is missing or damaged");
  return version;
}

/** Explains the error to the operator of a deployment that was rolled back. */
export const describeTooNew = ({ stored, known }: SchemaTooNew): string =>
  `a newer version of this software wrote this storage (schema version ${stored}, known up to ${known}): deploy that version again, or a later one`;

const hasTable = (storage: Pick<SchemaStorage, "exec">, name: string): boolean =>
  storage.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name).length > 0;
