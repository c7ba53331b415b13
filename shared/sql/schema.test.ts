// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { SqliteStorage } from "../../test/support/logs/sqlite-storage.ts";
import { describeTooNew, migrate, type Schema, schemaVersion } from "./schema.ts";

const ONE: Schema = { firstTable: "thing", steps: [["CREATE TABLE thing (a INTEGER) STRICT"]] };
const THREE: Schema = {
  firstTable: "thing",
  steps: [
    ...ONE.steps,
    ["ALTER TABLE thing ADD COLUMN b TEXT NOT NULL DEFAULT 'old'"],
    ["UPDATE thing SET b = b || 'er' WHERE a < 2", "CREATE TABLE other (c INTEGER) STRICT"],
  ],
};

/** An object written before versions were stored: tables of version 1, but no version. */
function unversioned(): SqliteStorage {
  const storage = new SqliteStorage();
  storage.exec("CREATE TABLE thing (a INTEGER) STRICT");
  storage.exec("INSERT INTO thing VALUES (1), (2)");
  return storage;
}

const changes = (storage: SqliteStorage): unknown => storage.exec("SELECT total_changes() AS n")[0]?.["n"];

it("creates the tables of a new object", () => {
  const storage = new SqliteStorage();
  expect(schemaVersion(storage, THREE)).toBe(0);
  expect(migrate(storage, THREE)).toEqual({ ok: true, value: null });
  expect(schemaVersion(storage, THREE)).toBe(3);
  expect(storage.exec("SELECT * FROM thing")).toEqual([]);
});

it("migrates rows of the first version to the newest, directly and through an intermediate version", () => {
  for (const between of [[], [{ ...THREE, steps: THREE.steps.slice(0, 2) }]]) {
    const storage = unversioned();
    for (const schema of [...between, THREE]) expect(migrate(storage, schema).ok).toBe(true);
    expect(storage.exec("SELECT a, b FROM thing")).toEqual([
      { a: 1, b: "older" },
      { a: 2, b: "old" },
    ]);
  }
});

it("writes nothing, not even a version, if there is nothing to migrate", () => {
  const old = unversioned();
  const before = changes(old);
  expect(migrate(old, ONE).ok).toBe(true);
  expect(changes(old)).toBe(before);
  expect(old.exec("SELECT name FROM sqlite_master")).toEqual([{ name: "thing" }]);
  migrate(old, THREE);
  const migrated = changes(old);
  expect(migrate(old, THREE).ok).toBe(true);
  expect(changes(old)).toBe(migrated);
});

it("migrates completely or not at all", () => {
  const storage = unversioned();
  const broken: Schema = { ...THREE, steps: [...THREE.steps, ["UPDATE thing SET c = 1"]] };
  expect(() => migrate(storage, broken)).toThrow(/no such column/);
  expect(schemaVersion(storage, THREE)).toBe(1);
  expect(storage.exec("SELECT * FROM thing")).toEqual([{ a: 1 }, { a: 2 }]);
  expect(migrate(storage, THREE).ok).toBe(true);
});

it("rejects tables that newer code has written, and does not change them", () => {
  const storage = unversioned();
  migrate(storage, THREE);
  const before = changes(storage);
  const refused = migrate(storage, ONE);
  expect(refused).toEqual({ ok: false, error: { code: "schema_too_new", stored: 3, known: 1 } });
  expect(changes(storage)).toBe(before);
  expect(!refused.ok && describeTooNew(refused.error)).toMatch(/schema version 3, known up to 1.*deploy that version/);
});

it("throws if the version is missing, and does not treat the object as new", () => {
  const storage = unversioned();
  migrate(storage, THREE);
  storage.exec("DELETE FROM schema_version");
  expect(() => migrate(storage, THREE)).toThrow(RangeError);
});
