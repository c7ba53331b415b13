// SPDX-License-Identifier: Apache-2.0
// The Durable Object over node's SQLite. ca-identities.test.ts shows over HTTP that exactly one of many requests wins.

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { afterEach, expect, it, vi } from "vitest";
import { unixMs } from "../../../shared/time.ts";
import { UsedTokens } from "./used-tokens.ts";

afterEach(() => void vi.useRealTimers());

/** @param tables statements that an earlier version ran */
function makeObject(tables = ""): {
  readonly object: UsedTokens;
  readonly rows: () => number;
  readonly alarmAt: () => number | null;
} {
  const database = new DatabaseSync(":memory:");
  database.exec(tables);
  let alarm: number | null = null;
  const storage = {
    sql: { exec: (text: string, ...values: SQLInputValue[]) => ({ toArray: () => rowsOf(text, values) }) },
    transactionSync: (run: () => unknown) => run(),
    getAlarm: async () => alarm,
    setAlarm: async (at: number) => void (alarm = at),
  };
  const rowsOf = (text: string, values: readonly SQLInputValue[]): unknown[] => database.prepare(text).all(...values);
  // The platform runs a statement even if its cursor is not read.
  const exec = storage.sql.exec;
  storage.sql.exec = (text, ...values) => {
    const rows = exec(text, ...values).toArray();
    return { toArray: () => rows };
  };
  const object = new UsedTokens({ storage } as unknown as DurableObjectState, {});
  return {
    object,
    rows: () =>
      Number(
        rowsOf("SELECT count(*) AS n FROM used_tokens", []).map((row) => Reflect.get(row as object, "n") as number)[0],
      ),
    alarmAt: () => alarm,
  };
}

it("keeps a token until it expires, then deletes it", async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  const { object, rows, alarmAt } = makeObject();
  const expiresAt = unixMs(Date.now() + 300_000);
  expect(await object.use("a", expiresAt)).toBe(true);
  expect(await object.use("a", expiresAt)).toBe(false);
  expect(await object.use("b", unixMs(expiresAt + 3_600_000))).toBe(true);
  expect(alarmAt()).toBe(Date.now() + 600_000);
  vi.setSystemTime(Date.now() + 600_000);
  await object.alarm();
  expect(rows()).toBe(1);
  expect(alarmAt()).toBe(Date.now() + 600_000);
  vi.setSystemTime(Date.now() + 7_200_000);
  await object.alarm();
  expect(rows()).toBe(0);
});

it("lets a released token be used again", async () => {
  const { object } = makeObject();
  const expiresAt = unixMs(Date.now() + 60_000);
  await object.use("a", expiresAt);
  expect(await object.isUsed("a")).toBe(true);
  await object.release("a");
  expect(await object.isUsed("a")).toBe(false);
  expect(await object.use("a", expiresAt)).toBe(true);
});

it("keeps the tokens that the first version stored", async () => {
  const object = makeObject(`
    CREATE TABLE IF NOT EXISTS used_tokens (token TEXT PRIMARY KEY, forget_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO used_tokens VALUES ('seen', ${Date.now() + 300_000})`).object;
  expect(await object.use("seen", unixMs(Date.now() + 60_000))).toBe(false);
  expect(await object.use("other", unixMs(Date.now() + 60_000))).toBe(true);
});

it("rejects calls on tables of a newer version, and deletes none of its tokens", async () => {
  const { object, rows } = makeObject(`
    CREATE TABLE used_tokens (token TEXT PRIMARY KEY, forget_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO used_tokens VALUES ('old', 1);
    CREATE TABLE schema_version (id INTEGER PRIMARY KEY, version INTEGER NOT NULL) STRICT;
    INSERT INTO schema_version VALUES (1, 99)`);
  await expect(object.use("a", unixMs(Date.now() + 60_000))).rejects.toThrow(
    /used tokens: a newer version.*deploy that/,
  );
  await expect(object.isUsed("old")).rejects.toThrow(/newer version/);
  await expect(object.release("old")).rejects.toThrow(/newer version/);
  await object.alarm();
  expect(rows()).toBe(1);
});
