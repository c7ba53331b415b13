// SPDX-License-Identifier: Apache-2.0

import { beforeEach, describe, expect, test } from "vitest";
import { hash } from "../../../shared/tlog/hash.ts";
import { NaiveLog, naiveRecords } from "../../../test/support/logs/naive-log.ts";
import { CachedTail } from "./cached-tail.ts";

const always = (): Promise<boolean> => Promise.resolve(true);
const never = (): Promise<boolean> => Promise.resolve(false);

let now = 0;
let stubs = 0;
let log = new NaiveLog("signature");
let tail = new CachedTail(
  () => log,
  () => now,
);

beforeEach(() => {
  now = 1000;
  stubs = 0;
  log = new NaiveLog("signature", naiveRecords("signature", 10));
  tail = new CachedTail(
    () => {
      stubs++;
      return log;
    },
    () => now,
  );
});

describe("the head", () => {
  test("is requested once per second", async () => {
    for (const passed of [0, 1, 998]) {
      now += passed;
      expect(await tail.readHead(always)).toMatchObject({ ok: true, value: { treeSize: 10 } });
    }
    expect(log.calls).toStrictEqual(["head"]);
    now += 1;
    await tail.readHead(always);
    expect(log.calls).toStrictEqual(["head", "head"]);
    expect(stubs).toBe(2);
  });

  test("is requested again if the cached head is too small", async () => {
    await tail.readHead(always);
    log.records.push(...naiveRecords("signature", 1));
    expect(await tail.readHead(always, 10)).toMatchObject({ value: { treeSize: 10 } });
    expect(await tail.readHead(always, 11)).toMatchObject({ value: { treeSize: 11 } });
    expect(await tail.readHead(always, 12)).toMatchObject({ value: { treeSize: 11 } });
    expect(log.calls.length).toBe(3);
  });

  test("of an append is shown at once, and never an older one after it", async () => {
    await tail.readHead(always);
    const appended = { treeSize: 12, rootHash: hash(new Uint8Array(32)), checkpoint: "12" };
    tail.observe(appended, true);
    expect(await tail.readHead(always)).toStrictEqual({ ok: true, value: appended });
    tail.observe({ ...appended, treeSize: 11, checkpoint: "11" }, true);
    expect(await tail.readHead(always)).toStrictEqual({ ok: true, value: appended });
    now += 1000;
    expect(await tail.readHead(always)).toStrictEqual({ ok: true, value: appended });
    expect(log.calls.length).toBe(2);
  });

  test("that lacks its witnesses is for proofs, and never in the place of the one that is shown", async () => {
    const bare = { treeSize: 12, rootHash: hash(new Uint8Array(32)), checkpoint: "bare" };
    const shown = await tail.readHead(always);
    for (let appended = 0; appended < 20; appended++) {
      // Under load an append comes in each second.
      tail.observe({ ...bare, treeSize: 12 + appended }, false);
      expect(await tail.readHead(always)).toStrictEqual(shown);
      expect(await tail.readHead(always, 10)).toStrictEqual(shown);
      expect(await tail.readHead(always, 12)).toMatchObject({ value: { checkpoint: "bare" } });
      now += 500;
    }
    expect(log.calls.length).toBe(10);
  });

  test("that another isolate has caused is requested by its size", async () => {
    const asked: (number | undefined)[] = [];
    const answer = log.head.bind(log);
    log.head = async (minTreeSize?: number) => {
      asked.push(minTreeSize);
      return await answer();
    };
    await tail.readHead(always);
    log.records.push(...naiveRecords("signature", 3));
    expect(await tail.readHead(always, 12)).toMatchObject({ value: { treeSize: 13 } });
    expect(await tail.readHead(always, 13)).toMatchObject({ value: { treeSize: 13 } });
    expect(await tail.readHead(always)).toMatchObject({ value: { treeSize: 10 } });
    expect(asked).toStrictEqual([undefined, 12]);
  });

  test("is not requested without admission, but a cached head is returned", async () => {
    expect(await tail.readHead(never)).toStrictEqual({ ok: false, error: { code: "reads_limited" } });
    expect(log.calls).toStrictEqual([]);
    await tail.readHead(always);
    expect(await tail.readHead(never)).toMatchObject({ ok: true });
  });

  test("is not cached if the call failed", async () => {
    log.failing = "Durable Object reset";
    await expect(tail.readHead(always)).rejects.toThrow("Durable Object reset");
    log.failing = null;
    expect(await tail.readHead(always)).toMatchObject({ ok: true });
    expect(stubs).toBe(2);
  });
});

describe("tiles, bundles and entries", () => {
  test("are each cached for one second", async () => {
    for (let round = 0; round < 2; round++) {
      const tiles = await Promise.all([tail.readTile(always, 0, 0, 3), tail.readTile(always, 0, 0, 4)]);
      expect(tiles.map((tile) => tile.ok && tile.value.kind === "found" && tile.value.value.length)).toStrictEqual([
        96, 128,
      ]);
      expect(await tail.readBundle(always, 0, 3)).toMatchObject({ value: { kind: "found" } });
      expect(await tail.readEntry(always, 3)).toMatchObject({ value: { kind: "found" } });
    }
    expect(log.calls).toStrictEqual(["tile 0/0/3", "tile 0/0/4", "bundle 0/3", "entry 3"]);
    now += 1000;
    await tail.readTile(always, 0, 0, 3);
    expect(log.calls.length).toBe(5);
  });

  test("that are published or beyond the head are requested each time", async () => {
    for (let round = 0; round < 2; round++) {
      expect(await tail.readTile(always, 0, 0, 11)).toStrictEqual({ ok: true, value: { kind: "beyond" } });
      expect(await tail.readBundle(always, 1, 1)).toStrictEqual({ ok: true, value: { kind: "beyond" } });
      expect(await tail.readEntry(always, 10)).toStrictEqual({ ok: true, value: { kind: "beyond" } });
    }
    expect(log.calls.length).toBe(6);
    log.records.push(...naiveRecords("signature", 1));
    expect(await tail.readEntry(always, 10)).toMatchObject({ value: { kind: "found" } });
  });

  test("are not requested without admission", async () => {
    const limited = { ok: false, error: { code: "reads_limited" } };
    expect(await tail.readTile(never, 0, 0, 1)).toStrictEqual(limited);
    expect(await tail.readBundle(never, 0, 1)).toStrictEqual(limited);
    expect(await tail.readEntry(never, 1)).toStrictEqual(limited);
    expect(log.calls).toStrictEqual([]);
  });

  test("use a bounded amount of memory", async () => {
    const large = new NaiveLog("signature");
    const mebibyte = { kind: "found", value: new Uint8Array(1024 * 1024) } as const;
    large.readBundle = (index) => {
      large.calls.push(String(index));
      return Promise.resolve(mebibyte);
    };
    const bounded = new CachedTail(
      () => large,
      () => now,
    );
    for (let index = 0; index < 8; index++) await bounded.readBundle(always, index, 1);
    await bounded.readBundle(always, 0, 1);
    expect(large.calls.length).toBe(9);
  });
});
