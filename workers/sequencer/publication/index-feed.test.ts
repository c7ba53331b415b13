// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import type { IndexedEntry } from "../../../shared/search/index-writes.ts";
import { termKey } from "../../../shared/search/terms.ts";
import { SELECT_WATERMARKS } from "../../../shared/search/watermark.ts";
import { unixMs } from "../../../shared/time.ts";
import { dumpIndex, EMPTY_INDEX } from "../../../test/support/logs/index-dump.ts";
import { emailSigner, searchRow } from "../../../test/support/logs/search-rows.ts";
import { memoryD1 } from "../../../test/support/logs/sqlite-d1.ts";
import type { LogStorage } from "../storage.ts";
import { d1Index, feedIndex } from "./index-feed.ts";

/** Entries [start, end) as the log passes them on. */
const entries = (start: number, end: number, fields = {}): readonly IndexedEntry[] =>
  Array.from({ length: end - start }, (_, i) => ({
    leafIndex: start + i,
    timestamp: unixMs(1000 + start + i),
    search: searchRow({ terms: [termKey("digest", String(start + i))], ...fields }),
  }));

const signature = { name: "signature", creation: "first" };

describe("the index", () => {
  test("follows the log, and repeating changes nothing", async () => {
    const { d1, database } = memoryD1();
    const index = d1Index(d1);
    expect(await index.write(signature, entries(0, 3))).toBe(3);
    expect(await index.write(signature, entries(3, 64))).toBe(64);
    expect(await index.write(signature, entries(64, 300))).toBe(300);
    const before = dumpIndex(database);
    expect(await index.write(signature, entries(64, 300))).toBe(300);
    expect(await index.write(signature, entries(2, 5))).toBe(300);
    expect(dumpIndex(database)).toEqual(before);
    await index.write({ name: "certificate", creation: "c" }, entries(0, 1));
    expect(database.prepare(`${SELECT_WATERMARKS} ORDER BY name`).all()).toMatchObject([
      { log: "certificate", size: 1 },
      { log: "signature", size: 300 },
    ]);
    expect(
      database.prepare("SELECT id & 255 AS block, size, first_ms, last_ms FROM block WHERE log = 1").all(),
    ).toEqual([
      { block: 0, size: 256, first_ms: 1000, last_ms: 1255 },
      { block: 1, size: 300, first_ms: 1256, last_ms: 1299 },
    ]);
  });

  test("writes nothing behind a gap: a lost or older database says what it lacks", async () => {
    const { d1, database } = memoryD1();
    const index = d1Index(d1);
    await index.write(signature, entries(0, 10));
    database.exec(EMPTY_INDEX);
    expect(await index.write(signature, entries(10, 12, { signer: emailSigner("a@b") }))).toBe(0);
    expect(dumpIndex(database)).toMatchObject({ postings: [], entries: [], signers: [] });
    await index.write(signature, entries(0, 4));
    expect(await index.write(signature, entries(12, 14))).toBe(4);
    expect(await index.write(signature, entries(4, 14))).toBe(14);
  });

  test("is claimed if it names no owner, and is left alone if it is another log's", async () => {
    const { d1, database } = memoryD1();
    const index = d1Index(d1);
    await index.write(signature, entries(0, 4));
    database.exec("UPDATE log SET creation = NULL");
    await index.write(signature, entries(4, 6));
    expect(database.prepare(SELECT_WATERMARKS).all()).toMatchObject([{ log: "signature", size: 6, creation: "first" }]);
    const before = dumpIndex(database);
    const second = { name: "signature", creation: "second" };
    await expect(index.write(second, entries(0, 8))).rejects.toThrow(/another log called signature.*reindex/);
    await expect(index.write(second, entries(6, 8))).rejects.toThrow(/another log/);
    expect(dumpIndex(database)).toEqual(before);
  });

  test("keeps the oldest version of the terms of each of its rows", async () => {
    const { d1, database } = memoryD1();
    const index = d1Index(d1);
    await index.write(signature, entries(0, 8, { termsVersion: 7 }));
    await index.write(signature, entries(8, 9, { termsVersion: 6 }));
    await index.write(signature, entries(9, 300, { termsVersion: 7 }));
    expect(database.prepare("SELECT terms_version FROM block").all()).toEqual([
      { terms_version: 6 },
      { terms_version: 7 },
    ]);
  });

  test("has one row of a signer, however many entries", async () => {
    const { d1, database } = memoryD1();
    const index = d1Index(d1);
    const signer = emailSigner("Alice@example.com", "https://a.example/");
    await index.write(signature, entries(0, 300, { signer }));
    expect(dumpIndex(database).signers).toHaveLength(1);
    expect(database.prepare("SELECT name, value FROM attribute ORDER BY name").all()).toEqual([
      { name: "issuer", value: "https://a.example" },
      { name: "name", value: "email:alice@example.com" },
    ]);
    expect(database.prepare("SELECT block & 255 AS block FROM presence").all()).toEqual([{ block: 0 }, { block: 1 }]);
  });
});

describe("feeding", () => {
  test("reads an entry again whose row another version made", async () => {
    const made = searchRow({ terms: ["00"] });
    const written: unknown[] = [];
    const index = {
      write: (_: unknown, batch: readonly IndexedEntry[]) => (written.push(...batch), Promise.resolve(2)),
    };
    const rows = entries(0, 2).map(({ leafIndex, timestamp, search }, i) => {
      return { leafIndex, timestamp, record: Uint8Array.of(i), hints: null, search: i === 0 ? null : search };
    });
    const storage = { readEntries: () => rows } as unknown as LogStorage;
    const format = { readSearchRow: (record: Uint8Array) => (record[0] === 0 ? made : null) };
    const stored = { read: () => Promise.reject(new Error("the rows are here")) };
    await feedIndex({ log: signature, format, storage, stored, index }, { indexed: 0, treeSize: 2 }, 0);
    expect(written).toMatchObject([
      { leafIndex: 0, search: made },
      { leafIndex: 1, search: rows[1]?.search },
    ]);
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
    await feedIndex(
      { log: signature, format: { readSearchRow: () => null }, storage, stored, index },
      { indexed: 0, treeSize: 64 },
      0,
    );
  }
  expect(batches).toEqual([64, 4, 1]);
});
