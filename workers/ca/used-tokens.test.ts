// SPDX-License-Identifier: Apache-2.0
// The object over SQLite as node has it; that exactly one of many requests wins is shown over HTTP (ca-identities.test.ts).

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { afterEach, expect, it, vi } from "vitest";
import { unixMs } from "../../shared/time.ts";
import { UsedTokens } from "./used-tokens.ts";

afterEach(() => void vi.useRealTimers());

function makeObject(): {
  readonly object: UsedTokens;
  readonly rows: () => number;
  readonly alarmAt: () => number | null;
} {
  const database = new DatabaseSync(":memory:");
  let alarm: number | null = null;
  const storage = {
    sql: { exec: (text: string, ...values: SQLInputValue[]) => ({ toArray: () => rowsOf(text, values) }) },
    getAlarm: async () => alarm,
    setAlarm: async (at: number) => void (alarm = at),
  };
  const rowsOf = (text: string, values: readonly SQLInputValue[]): unknown[] => database.prepare(text).all(...values);
  // The cursor of the platform runs its statement whether or not it is read.
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

it("knows a token until it has expired, and then forgets it", async () => {
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
  await object.release("a");
  expect(await object.use("a", expiresAt)).toBe(true);
});
