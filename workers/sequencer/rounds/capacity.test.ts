// SPDX-License-Identifier: Apache-2.0
// A storage that takes no more rows: what the log answers, that it goes on being read, and that it starts again.

import { describe, expect, it } from "vitest";
import { STORAGE_ERRORS } from "../../../test/faults/actors.ts";
import { Lab } from "../../../test/faults/lab.ts";
import { appendTexts, headOf } from "../../../test/support/logs/appends.ts";
import { memoryLog, SUCCESSOR, testEcdsa, textSubmission } from "../../../test/support/logs/memory-log.ts";
import { describeLog } from "../publication/description.ts";
import { storageFault } from "./capacity.ts";

describe("a log whose storage is nearly full", () => {
  it("sends writers to its successor before the storage rejects a row, and is read", async () => {
    const memory = memoryLog("signature");
    await appendTexts(memory, 3);
    const bytes = memory.storage.sizeBytes();
    const full = memory.restart({ maxStorageBytes: Math.floor(bytes / 0.95) });
    expect(await full.log.append(textSubmission("more"))).toEqual({
      ok: false,
      error: { code: "log_full", writeTo: SUCCESSOR },
    });
    expect(headOf(full).size).toBe(4);
    expect(await describeLog(full.log, { ...full, ecdsa: testEcdsa })).toMatchObject({
      state: "full",
      reason: expect.stringContaining("SHARDS") as string,
      storageBytes: bytes,
    });
    const larger = memory.restart({ maxStorageBytes: 2 * bytes });
    expect((await larger.log.append(textSubmission("more"))).ok).toBe(true);
    expect(await describeLog(larger.log, { ...larger, ecdsa: testEcdsa })).toMatchObject({ state: "running" });
  });
});

describe("a log that slept", () => {
  it.each(["signature", "certificate"] as const)("is described as running: %s", async (kind) => {
    const memory = memoryLog(kind);
    await memory.log.open();
    const { log } = memory.restart();
    expect(await describeLog(log, { ...memory, ecdsa: testEcdsa })).toMatchObject({
      state: "running",
      reason: null,
      creation: memory.log.identity?.creation,
    });
  });
});

describe.each([
  ["full", "log_full"],
  ["over_quota", "log_over_quota"],
] as const)("a storage that rejects rows: %s", (fault, code) => {
  it("stops appending without ending the object, and starts within two minutes", async () => {
    const lab = new Lab();
    await lab.grow(5);
    const before = lab.world.runtime.current?.number;
    lab.world.runtime.storageRejects = STORAGE_ERRORS[fault];
    for (let i = 0; i < 3; i++) {
      const answers = Array.from({ length: 100 }, async () => await lab.world.submit(lab.next()));
      expect(new Set(await lab.until(Promise.all(answers)))).toEqual(new Set([code]));
      await lab.run(30_000);
    }
    expect((await lab.readHead()).treeSize).toBe(6);
    expect(lab.world.runtime.current?.number).toBe(before);
    lab.world.runtime.storageRejects = null;
    await lab.run(60_000);
    expect((await lab.append()).result).toBe("ok");
    expect(await lab.world.checker.audit()).toBe(true);
  });
});

describe("storageFault", () => {
  it.each([
    [new Error("database or disk is full: SQLITE_FULL"), "full"],
    [new Error("Exceeded allowed rows written in Durable Objects free tier."), "over_quota"],
    [new Error("Exceeded allowed duration in Durable Objects free tier."), "over_quota"],
    [new Error("Durable Object reset because its code was updated."), null],
    [new Error("UNIQUE constraint failed: entry.idx: SQLITE_CONSTRAINT"), null],
    ["disk I/O error", null],
  ])("recognizes %s", (error, fault) => {
    expect(storageFault(error)).toBe(fault);
  });
});

it("says until when the plan's day lasts", async () => {
  const memory = memoryLog("signature");
  await memory.log.open();
  memory.host.time = Date.UTC(2027, 0, 1, 23, 30);
  memory.storage.transactionSync = () => {
    throw new Error(STORAGE_ERRORS.over_quota);
  };
  const error = { code: "log_over_quota", retryAfterSeconds: 1800 };
  expect(await memory.log.append(textSubmission("a"))).toEqual({ ok: false, error });
  expect(memory.host.aborted).toBeNull();
});
