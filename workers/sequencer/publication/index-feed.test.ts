// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { unixMs } from "../../../shared/time.ts";
import { memoryD1 } from "../../../test/support/logs/sqlite-d1.ts";
import type { IndexedEntry } from "../deps.ts";
import type { LogStorage } from "../storage.ts";
import { d1Index, feedIndex } from "./index-feed.ts";

/** Entries [start, end) as the log passes them on. */
const entries = (start: number, end: number, termsVersion = 1): readonly IndexedEntry[] =>
  Array.from({ length: end - start }, (_, i) => ({
    leafIndex: start + i,
    timestamp: unixMs(1000 + start + i),
    search: { termsVersion, terms: [`key:${start + i}`], digest: null, identity: null, issuer: null },
  }));

const signature = { name: "signature", creation: "first" };

describe("the watermark", () => {
  test("follows the rows and never goes back", async () => {
    const { d1, database } = memoryD1();
    const index = d1Index(d1);
    const watermark = (): unknown =>
      database.prepare("SELECT size FROM watermark WHERE log = 'signature'").get()?.["size"];
    await index.write(signature, entries(0, 3));
    expect(watermark()).toBe(3);
    await index.write(signature, entries(3, 10));
    expect(watermark()).toBe(10);
    await index.write(signature, entries(2, 5));
    expect(watermark()).toBe(10);
    await index.write({ name: "certificate", creation: "c" }, entries(0, 1));
    expect(database.prepare("SELECT log, size FROM watermark ORDER BY log").all()).toMatchObject([
      { log: "certificate", size: 1 },
      { log: "signature", size: 10 },
    ]);
  });

  test("does not skip what a lost or older database lacks, although the rows are written", async () => {
    const { d1, database } = memoryD1();
    const index = d1Index(d1);
    await index.write(signature, entries(0, 10));
    database.exec("DELETE FROM posting; DELETE FROM entry; DELETE FROM watermark");
    await index.write(signature, entries(10, 12));
    expect(database.prepare("SELECT * FROM watermark").all()).toEqual([]);
    expect(database.prepare("SELECT idx FROM entry").all()).toMatchObject([{ idx: 10 }, { idx: 11 }]);
    database.exec("INSERT INTO watermark (log, size) VALUES ('signature', 4)");
    await index.write(signature, entries(12, 14));
    expect(database.prepare("SELECT size FROM watermark").all()).toMatchObject([{ size: 4 }]);
    await index.write(signature, entries(4, 14));
    expect(database.prepare("SELECT size FROM watermark").all()).toMatchObject([{ size: 14 }]);
  });

  test("is claimed if it is older than its owner's name, and its rows are left alone if they are another log's", async () => {
    const { d1, database } = memoryD1();
    const index = d1Index(d1);
    database.exec("INSERT INTO watermark (log, size) VALUES ('signature', 4)");
    await index.write(signature, entries(4, 6));
    expect(database.prepare("SELECT * FROM watermark").all()).toEqual([
      expect.objectContaining({ log: "signature", size: 6, creation: "first", terms_version: null }),
    ]);
    const dump = (): unknown =>
      ["posting", "entry", "watermark"].map((table) => database.prepare(`SELECT * FROM ${table}`).all());
    const before = dump();
    const second = { name: "signature", creation: "second" };
    await expect(index.write(second, entries(0, 8))).rejects.toThrow(/another log called signature.*reindex/);
    expect(dump()).toEqual(before);
  });

  test("answers how far the index is complete, and keeps the oldest version of its terms", async () => {
    const { d1, database } = memoryD1();
    const index = d1Index(d1);
    expect(await index.write(signature, entries(0, 8))).toBe(8);
    expect(await index.write(signature, entries(2, 4))).toBe(8);
    expect(await index.write(signature, entries(12, 14))).toBe(8);
    const older = entries(8, 9, 0);
    expect(await index.write(signature, older)).toBe(9);
    expect(database.prepare("SELECT terms_version FROM watermark").all()).toMatchObject([{ terms_version: 0 }]);
    database.exec("DELETE FROM watermark");
    expect(await index.write(signature, entries(9, 12))).toBe(0);
  });
});

test("a batch has at most a megabyte of terms, of whatever characters, and at least one entry", async () => {
  const batches: number[] = [];
  const index = {
    write: (_: unknown, batch: readonly IndexedEntry[]) => {
      const bytes = Buffer.byteLength(JSON.stringify(batch.map(({ search }) => search)));
      expect(batch.length === 1 || bytes < 1_010_000).toBe(true);
      batches.push(batch.length);
      return Promise.resolve((batch[0]?.leafIndex ?? 0) + batch.length);
    },
  };
  // A control character takes six bytes in JSON, and a Chinese one three bytes in UTF-8.
  const terms = ["\u0001".repeat(20_000), "\u65e5".repeat(30_000)];
  const withTerms = (of: readonly string[]): readonly IndexedEntry[] =>
    entries(0, 64).map(({ leafIndex, timestamp, search }) => {
      return { leafIndex, timestamp, search: { ...search, terms: of } };
    });
  const stored = { read: () => Promise.reject(new Error("the rows are here")) };
  for (const rows of [entries(0, 64), withTerms(terms), withTerms(["x".repeat(1_100_000)])]) {
    const storage = { readEntries: () => rows } as unknown as LogStorage;
    await feedIndex({ log: signature, storage, stored, index }, { indexed: 0, treeSize: 64 }, 0);
  }
  expect(batches).toEqual([64, 4, 1]);
});
