// SPDX-License-Identifier: Apache-2.0
// Tables of every version: those of the first version become those of the newest, and those of a newer version are left
// alone. The same in workerd: test/service/upgrade.test.ts.

import { describe, expect, it } from "vitest";
import { schemaVersion } from "../../../shared/sql/schema.ts";
import { hash, leafHash } from "../../../shared/tlog/hash.ts";
import { readFirstSql } from "../../../test/support/logs/first-version.ts";
import { type MemoryLog, memoryLog, textSubmission } from "../../../test/support/logs/memory-log.ts";
import { SqliteStorage } from "../../../test/support/logs/sqlite-storage.ts";
import { ANCHOR_SCHEMA, advanceAnchoredHead, prepareAnchoredHead, readAnchoredHead } from "../anchor/anchored-head.ts";
import { LogStorage } from "../storage.ts";
import { LOG_SCHEMA } from "./log-schema.ts";

function load(sql: string): SqliteStorage {
  const storage = new SqliteStorage();
  storage.database.exec(sql);
  return storage;
}

/** Every column of every table, with its type and default. */
function columns(storage: SqliteStorage): readonly Record<string, unknown>[] {
  return storage.exec(`SELECT m.name AS "table", c.name, c.type, c."notnull", c.dflt_value, c.pk
    FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.name`);
}

const rowsOf = (storage: SqliteStorage): unknown =>
  ["log", "state", "entry", "dedup", "edge"].map((table) => storage.exec(`SELECT * FROM ${table}`));

/** The identity of a body. A certificate's is another hash, which no test here looks up. */
const identityOf = leafHash;

async function grownLog(): Promise<MemoryLog> {
  const memory = memoryLog("signature");
  await memory.log.open();
  for (let i = 0; i < 3; i++) await memory.log.append(textSubmission(`entry ${i}`));
  await memory.host.settle();
  await memory.log.catchUp();
  return memory;
}

const writeVersion = (storage: SqliteStorage, version: number): void =>
  void storage.exec("UPDATE schema_version SET version = ?", version);

describe("the tables of a log", () => {
  it.each([...readFirstSql("sequencer")])(
    "become those of the newest version if they are of the first: %s",
    async (_, sql) => {
      const storage = load(sql);
      const log = new LogStorage(storage);
      const before = { identity: log.readIdentity(), state: log.readState(), edge: log.readEdge() };
      expect(schemaVersion(storage, LOG_SCHEMA)).toBe(1);
      expect(log.migrate(identityOf).ok).toBe(true);
      expect({ identity: log.readIdentity(), state: log.readState(), edge: log.readEdge() }).toEqual(before);
      const entries = log.readEntries(0, before.state.treeSize);
      expect(entries.length).toBeGreaterThan(1);
      for (const { search, record } of entries) {
        // Its row was made by another version of the terms: it is made again from the record.
        expect(search).toBeNull();
        expect(record.length).toBeGreaterThan(100);
      }
      const last = entries.at(-1);
      expect(log.findIdentity(identityOf(last?.record ?? new Uint8Array(0)))?.leafIndex).toBe(last?.leafIndex);
      expect(storage.exec("SELECT COUNT(*) AS count FROM dedup")).toEqual([{ count: entries.length }]);
      expect(columns(storage)).toEqual(columns((await grownLog()).storage));
      const migrated = rowsOf(storage);
      expect(log.migrate(identityOf).ok).toBe(true);
      expect(rowsOf(storage)).toEqual(migrated);
    },
  );

  it("stay as they were if a step fails", () => {
    for (const sql of readFirstSql("sequencer").values()) {
      const storage = load(sql);
      const before = rowsOf(storage);
      const dying = new LogStorage({
        exec: (query, ...bindings) => storage.exec(query, ...bindings),
        transactionSync: (run) =>
          storage.transactionSync(() => {
            run();
            throw new Error("killed");
          }),
        sizeBytes: () => 0,
      });
      expect(() => dying.migrate(identityOf)).toThrow("killed");
      expect([rowsOf(storage), schemaVersion(storage, LOG_SCHEMA)]).toEqual([before, 1]);
    }
  });

  it("are read but not written if they are of a newer version, and the log says which version to deploy", async () => {
    const memory = await grownLog();
    const { storage } = memory;
    storage.exec("ALTER TABLE entry ADD COLUMN later TEXT");
    writeVersion(storage, 99);
    const before = rowsOf(storage);
    const { log, host } = memory.restart();
    await log.open();
    expect(log.head?.checkpoint).toBe(memory.log.head?.checkpoint);
    expect(log.phase).toMatchObject({
      kind: "refusing",
      reason: expect.stringMatching(/version 99.*deploy that version/),
    });
    expect(await log.append(textSubmission("more"))).toMatchObject({ ok: false, error: { code: "log_refusing" } });
    await log.catchUp();
    await host.settle();
    expect(rowsOf(storage)).toEqual(before);
    writeVersion(storage, LOG_SCHEMA.steps.length);
    storage.exec("ALTER TABLE entry DROP COLUMN later");
    const again = memory.restart();
    expect((await again.log.append(textSubmission("more"))).ok).toBe(true);
  });

  it("are not shown if they are of a newer version and cannot be read", async () => {
    const memory = await grownLog();
    memory.storage.exec("ALTER TABLE state RENAME COLUMN root TO root_hash");
    writeVersion(memory.storage, 99);
    const { log } = memory.restart();
    await log.open();
    expect([log.phase.kind, log.head]).toEqual(["refusing", null]);
  });
});

describe("the table of an anchor", () => {
  it.each([...readFirstSql("anchor")])("holds its head if it is of the first version: %s", (_, sql) => {
    const storage = load(sql);
    prepareAnchoredHead(storage);
    const head = readAnchoredHead(storage);
    expect(head?.treeSize).toBeGreaterThan(1);
    const to = { treeSize: 100, rootHash: hash(new Uint8Array(32)) };
    expect(advanceAnchoredHead(storage, { from: head, to })).toBe(true);
    expect(readAnchoredHead(storage)).toEqual(to);
    const fresh = new SqliteStorage();
    prepareAnchoredHead(fresh);
    expect(columns(storage)).toEqual(columns(fresh));
  });

  it("keeps the log from writing if it is of a newer version", async () => {
    const storage = new SqliteStorage();
    prepareAnchoredHead(storage);
    writeVersion(storage, ANCHOR_SCHEMA.steps.length + 1);
    expect(() => prepareAnchoredHead(storage)).toThrow(/the anchor: a newer version.*deploy that version/);
    const memory = await grownLog();
    // The anchor's constructor throws, so no call reaches it.
    memory.anchor.read = async () => prepareAnchoredHead(storage) ?? null;
    const { log } = memory.restart();
    await log.open();
    expect(log.phase).toMatchObject({ kind: "starting", reason: expect.stringContaining("deploy that version") });
    expect(log.head?.checkpoint).toBe(memory.log.head?.checkpoint);
  });
});
