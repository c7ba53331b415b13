// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { unixMs } from "../../../shared/time.ts";
import { memoryD1 } from "../../../test/support/logs/sqlite-d1.ts";
import type { IndexedEntry } from "../deps.ts";
import { d1Index } from "./index-feed.ts";

/** Entries [start, end) as the log passes them on. */
const entries = (start: number, end: number): readonly IndexedEntry[] =>
  Array.from({ length: end - start }, (_, i) => ({
    leafIndex: start + i,
    timestamp: unixMs(1000 + start + i),
    search: { termsVersion: 1, terms: [`key:${start + i}`], digest: null, identity: null, issuer: null },
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
});
