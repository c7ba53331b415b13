// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { testLogs } from "../../../test/support/logs/memory-log.ts";
import { NaiveLog, naiveRecords } from "../../../test/support/logs/naive-log.ts";
import { naiveTile } from "../../../test/support/logs/naive-tree.ts";
import { CachedTail } from "./cached-tail.ts";
import { type LogReader, readEntry, readTile } from "./log-reader.ts";

type Kind = "signature" | "certificate";

function readerOf(naive: NaiveLog, over: Partial<LogReader> = {}): LogReader {
  return {
    log: testLogs[naive.kind],
    objects: { get: (key) => Promise.resolve((naive.objects.get(key) as Uint8Array<ArrayBuffer>) ?? null) },
    tail: new CachedTail(
      () => naive,
      () => 0,
    ),
    admit: () => Promise.resolve(true),
    ...over,
  };
}

const makeLog = (kind: Kind, size: number, publishedTiles = 0): NaiveLog => {
  const naive = new NaiveLog(kind, naiveRecords(kind, size));
  naive.publish(publishedTiles);
  return naive;
};
const BEYOND = { ok: false, error: { code: "beyond_head" } };

describe.each(["signature", "certificate"] as const)("the %s log, two full tiles and an open one,", (kind) => {
  const bundles = kind === "signature" ? "entries" : "data";

  // The answers must be the same whether R2 has none, one or all of the full tiles.
  test.each([0, 1, 2])("serves every width with %i tiles published", async (published) => {
    const naive = makeLog(kind, 600, published);
    const reader = readerOf(naive);
    for (const index of [0, 1, 2]) {
      const hashes = naiveTile(naive.leaves, 0, index);
      const records = naive.records.slice(index * 256);
      for (let width = 1; width <= 256; width += index === 2 ? 1 : 15) {
        const exists = width <= hashes.length;
        expect(await readTile(reader, { level: 0, index, width })).toEqual(
          exists ? { ok: true, value: new Uint8Array(Buffer.concat(hashes.slice(0, width))) } : BEYOND,
        );
        const framed = Buffer.concat(records.slice(0, width).map((record) => record.framed));
        expect(await readTile(reader, { level: bundles, index, width })).toEqual(
          exists ? { ok: true, value: new Uint8Array(framed) } : BEYOND,
        );
      }
    }
    expect(await readTile(reader, { level: 1, index: 0, width: 2 })).toMatchObject({ ok: true });
    expect(await readTile(reader, { level: 1, index: 0, width: 3 })).toEqual(BEYOND);
    expect(await readTile(reader, { level: 2, index: 0, width: 1 })).toEqual(BEYOND);
  });

  test.each([0, 1, 2])("reads every entry with its time with %i tiles published", async (published) => {
    const naive = makeLog(kind, 600, published);
    for (const leafIndex of [0, 1, 255, 256, 511, 512, 599]) {
      const entry = await readEntry(readerOf(naive), leafIndex);
      const record = naive.records[leafIndex]?.record;
      expect(entry).toEqual({
        ok: true,
        value: { record: record, timestamp: 1_790_000_000_000 + leafIndex, hints: null },
      });
    }
    expect(await readEntry(readerOf(naive), 600)).toEqual(BEYOND);
  });

  test("does not call the sequencer for published objects", async () => {
    const naive = makeLog(kind, 600, 2);
    for (const index of [0, 1]) {
      await readTile(readerOf(naive), { level: 0, index, width: 256 });
      await readTile(readerOf(naive), { level: bundles, index, width: 256 });
      await readEntry(readerOf(naive), index * 256);
    }
    expect(naive.calls).toStrictEqual([]);
  });

  test("reads R2 again if the object was published between the two reads", async () => {
    const naive = makeLog(kind, 600, 2);
    let misses = 0;
    const objects: LogReader["objects"] = {
      get: (key) => {
        misses++;
        return Promise.resolve(misses === 1 ? null : ((naive.objects.get(key) as Uint8Array<ArrayBuffer>) ?? null));
      },
    };
    expect(await readTile(readerOf(naive, { objects }), { level: 0, index: 1, width: 256 })).toMatchObject({
      ok: true,
    });
    misses = 0;
    expect(await readEntry(readerOf(naive, { objects }), 300)).toMatchObject({ ok: true });
  });

  test("fails with object_missing, not beyond_head, if R2 has lost the object", async () => {
    const naive = makeLog(kind, 600, 2);
    naive.objects.clear();
    const reader = readerOf(naive);
    expect(await readTile(reader, { level: 0, index: 1, width: 256 })).toEqual({
      ok: false,
      error: { code: "object_missing", key: `${kind}/tile/0/001` },
    });
    expect(await readTile(reader, { level: bundles, index: 0, width: 7 })).toMatchObject({
      error: { code: "object_missing", key: `${kind}/tile/${bundles}/000` },
    });
    expect(await readEntry(reader, 3)).toMatchObject({ error: { code: "object_missing" } });
  });

  test("fails with object_damaged if the object is not what its key says", async () => {
    const naive = makeLog(kind, 600, 2);
    for (const [key, bytes] of naive.objects) naive.objects.set(key, bytes.subarray(0, -1));
    const reader = readerOf(naive);
    const damaged = { error: { code: "object_damaged" } };
    expect(await readTile(reader, { level: 0, index: 1, width: 256 })).toMatchObject(damaged);
    expect(await readTile(reader, { level: 0, index: 1, width: 3 })).toMatchObject(damaged);
    expect(await readTile(reader, { level: bundles, index: 0, width: 3 })).toMatchObject(damaged);
    expect(await readEntry(reader, 3)).toMatchObject(damaged);
  });

  test("rejects if a read fails", async () => {
    const naive = makeLog(kind, 10);
    naive.failing = "overloaded";
    await expect(readTile(readerOf(naive), { level: 0, index: 0, width: 1 })).rejects.toThrow("overloaded");
    const objects = { get: () => Promise.reject(new Error("R2 10001")) };
    await expect(readEntry(readerOf(naive, { objects }), 0)).rejects.toThrow("R2 10001");
  });

  test("reads published objects without admission to the sequencer", async () => {
    const reader = readerOf(makeLog(kind, 600, 2), { admit: () => Promise.resolve(false) });
    expect(await readTile(reader, { level: 0, index: 1, width: 256 })).toMatchObject({ ok: true });
    expect(await readTile(reader, { level: 0, index: 2, width: 1 })).toEqual({
      ok: false,
      error: { code: "reads_limited" },
    });
  });
});

test("a time that no answer can write is damage, in a sidecar and in a leaf", async () => {
  const last = 2 ** 53 - 1;
  const signatures = makeLog("signature", 600, 2);
  signatures.objects.set("signature/meta/0", Buffer.from(`{"timestamp":${last},"hints":null}\n`));
  expect(await readEntry(readerOf(signatures), 0)).toMatchObject({ error: { code: "object_damaged" } });
  const certificates = makeLog("certificate", 600, 2);
  const bundle = Buffer.from(certificates.objects.get("certificate/tile/data/000") ?? []);
  bundle.writeBigUInt64BE(BigInt(last));
  certificates.objects.set("certificate/tile/data/000", bundle);
  expect(await readEntry(readerOf(certificates), 0)).toMatchObject({ error: { code: "object_damaged" } });
});

describe("the sidecar of a bundle", () => {
  test("makes the entry unreadable if it is missing or damaged", async () => {
    const naive = makeLog("signature", 600, 2);
    naive.objects.set("signature/meta/1", Buffer.from('{"timestamp":1,"hints":null}\n'));
    expect(await readEntry(readerOf(naive), 257)).toEqual({
      ok: false,
      error: { code: "object_damaged", key: "signature/meta/1" },
    });
    naive.objects.delete("signature/meta/1");
    expect(await readEntry(readerOf(naive), 256)).toEqual({
      ok: false,
      error: { code: "object_missing", key: "signature/meta/1" },
    });
  });
});
