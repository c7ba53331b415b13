// SPDX-License-Identifier: Apache-2.0
// Which version the tables of a Durable Object are of, and the way from each version to the newest. Knows SQL and nothing of
// what the tables are for. The version is a row, as an object's SQLite has no user_version.

import { err, ok, type Result } from "../result.ts";

/** As much of an object's SQLite as is needed here. */
export interface SchemaStorage {
  exec(query: string, ...bindings: readonly (ArrayBuffer | string | number | null)[]): Record<string, unknown>[];
  transactionSync<T>(run: () => T): T;
}

/** What one version adds to the one before. A step is never edited once it has been released: a further one is appended. */
export type SchemaStep = readonly string[];

export interface Schema {
  /** `steps[i]` leads from version i to version i + 1; version 0 is an object without tables. */
  readonly steps: readonly SchemaStep[];
  /** A table of version 1: objects that were written before versions were kept have it, and no version. */
  readonly firstTable: string;
}

export interface SchemaTooNew {
  readonly code: "schema_too_new";
  readonly stored: number;
  readonly known: number;
}

const VERSION_TABLE =
  "CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL) STRICT";

/**
 * Brings the tables to the newest version, in one transaction; nothing is written if they are of it already. Fails with
 * schema_too_new, and writes nothing, if a newer version of the code has been here. Throws RangeError if the version is damaged.
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

/** The version of the tables that are there, 0 if there are none. Reads only. */
export function schemaVersion(storage: Pick<SchemaStorage, "exec">, { firstTable }: Schema): number {
  if (!hasTable(storage, "schema_version")) return hasTable(storage, firstTable) ? 1 : 0;
  const version = storage.exec("SELECT version FROM schema_version")[0]?.["version"];
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1)
    throw new RangeError("the version of the tables is missing");
  return version;
}

/** For the operator of a rolled back deployment. */
export const describeTooNew = ({ stored, known }: SchemaTooNew): string =>
  `a newer version of this software wrote this storage (tables of version ${stored}, this one knows ${known}): deploy that version again, or a later one`;

const hasTable = (storage: Pick<SchemaStorage, "exec">, name: string): boolean =>
  storage.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name).length > 0;
