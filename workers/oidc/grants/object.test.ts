// SPDX-License-Identifier: Apache-2.0
// The Durable Object of grants over node's SQLite: its alarm. grants.test.ts tests the tables.

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { afterEach, expect, it, vi } from "vitest";
import { unixMs } from "../../../shared/time.ts";
import { Grants } from "./grants.ts";

afterEach(() => void vi.useRealTimers());

const START = 1_800_000_000_000;
const MINUTE = 60_000;
const ALICE = { connectorId: "https://id.example", userId: "u", subject: "s", address: "a@example.com", nonce: null };
const CODE = { codeHash: "h", clientId: "sigstore", redirectUri: "http://localhost:1/", challenge: "c" };

interface Bench {
  readonly object: Grants;
  /** How many codes and devices are stored. */
  readonly rows: () => readonly [codes: number, devices: number];
  readonly alarmAt: () => number | null;
  /** Lets the time come for which the alarm is set, and runs it, as the platform does. */
  readonly ring: () => Promise<void>;
}

/** @param tables statements that another version ran */
function makeBench(tables = ""): Bench {
  vi.useFakeTimers({ now: START });
  const database = new DatabaseSync(":memory:");
  database.exec(tables);
  let alarm: number | null = null;
  const storage = {
    sql: {
      exec: (text: string, ...values: SQLInputValue[]) => {
        const rows = database.prepare(text).all(...values);
        return { toArray: () => rows };
      },
    },
    transactionSync: (run: () => unknown) => run(),
    getAlarm: async () => alarm,
    setAlarm: async (at: number) => void (alarm = at),
  };
  const object = new Grants({ storage } as unknown as DurableObjectState, {});
  const count = (table: string): number =>
    Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"] ?? Number.NaN);
  return {
    object,
    rows: () => [count("codes"), count("devices")],
    alarmAt: () => alarm,
    ring: async () => {
      vi.setSystemTime(alarm ?? expect.fail("no alarm is set"));
      alarm = null;
      await object.alarm();
    },
  };
}

const inMinutes = (minutes: number) => unixMs(START + minutes * MINUTE);
const deviceOf = (name: string, minutes: number) => ({
  deviceHash: name,
  userCode: name,
  clientId: "sigstore",
  challenge: null,
  network: null,
  country: null,
  expiresAt: inMinutes(minutes),
});

it("the alarm deletes what is over, comes again while anything is left, and then no more", async () => {
  const { object, rows, alarmAt, ring } = makeBench();
  await object.addCode({ ...CODE, identity: ALICE, expiresAt: inMinutes(1) });
  expect(alarmAt()).toBe(inMinutes(10));
  await object.addDevice(deviceOf("first", 5));
  await object.addDevice(deviceOf("second", 15));
  expect([rows(), alarmAt()]).toEqual([[1, 2], inMinutes(10)]);
  await ring();
  expect([rows(), alarmAt()]).toEqual([[1, 1], inMinutes(20)]);
  await ring();
  expect([rows(), alarmAt()]).toEqual([[0, 0], null]);
  await object.addDevice(deviceOf("third", 25));
  expect(alarmAt()).toBe(inMinutes(30));
});

it("the alarm leaves a used code for as long as its token is valid: a second use still revokes", async () => {
  const { object, ring } = makeBench();
  await object.addCode({ ...CODE, identity: ALICE, expiresAt: inMinutes(1) });
  const redeemed = await object.redeemCode(CODE);
  const tokenId = redeemed.ok ? redeemed.value.tokenId : expect.fail(redeemed.error.code);
  await ring();
  expect(await object.isRevoked(tokenId)).toBe(false);
  expect((await object.redeemCode(CODE)).ok).toBe(false);
  expect(await object.isRevoked(tokenId)).toBe(true);
});
