// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { SqliteStorage } from "../../test/support/logs/memory-log.ts";
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

/** An object of before versions were kept: tables of version 1 and no version. */
function unversioned(): SqliteStorage {
  const storage = new SqliteStorage();
  storage.exec("CREATE TABLE thing (a INTEGER) STRICT");
  storage.exec("INSERT INTO thing VALUES (1), (2)");
  return storage;
}

const changes = (storage: SqliteStorage): unknown => storage.exec("SELECT total_changes() AS n")[0]?.["n"];

it("makes the tables of a new object", () => {
  const storage = new SqliteStorage();
  expect(schemaVersion(storage, THREE)).toBe(0);
  expect(migrate(storage, THREE)).toEqual({ ok: true, value: null });
  expect(schemaVersion(storage, THREE)).toBe(3);
  expect(storage.exec("SELECT * FROM thing")).toEqual([]);
});

it("leads rows of the first version to the newest, also by way of one between", () => {
  for (const between of [[], [{ ...THREE, steps: THREE.steps.slice(0, 2) }]]) {
    const storage = unversioned();
    for (const schema of [...between, THREE]) expect(migrate(storage, schema).ok).toBe(true);
    expect(storage.exec("SELECT a, b FROM thing")).toEqual([
      { a: 1, b: "older" },
      { a: 2, b: "old" },
    ]);
  }
});

it("writes nothing where there is nothing to do, not even a version", () => {
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

it("is done whole or not at all", () => {
  const storage = unversioned();
  const broken: Schema = { ...THREE, steps: [...THREE.steps, ["UPDATE thing SET c = 1"]] };
  expect(() => migrate(storage, broken)).toThrow(/no such column/);
  expect(schemaVersion(storage, THREE)).toBe(1);
  expect(storage.exec("SELECT * FROM thing")).toEqual([{ a: 1 }, { a: 2 }]);
  expect(migrate(storage, THREE).ok).toBe(true);
});

it("leaves alone what a newer version has written, and says so", () => {
  const storage = unversioned();
  migrate(storage, THREE);
  const before = changes(storage);
  const refused = migrate(storage, ONE);
  expect(refused).toEqual({ ok: false, error: { code: "schema_too_new", stored: 3, known: 1 } });
  expect(changes(storage)).toBe(before);
  expect(!refused.ok && describeTooNew(refused.error)).toMatch(
    /tables of version 3, this one knows 1.*deploy that version/,
  );
});

it("takes a version that is gone for damage, not for a new object", () => {
  const storage = unversioned();
  migrate(storage, THREE);
  storage.exec("DELETE FROM schema_version");
  expect(() => migrate(storage, THREE)).toThrow(RangeError);
});
