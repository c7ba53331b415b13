// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LogGrowth, makeForecasts } from "./forecast.ts";
import { measureGrowth } from "./growth.ts";
import { describeForecast } from "./read.ts";

const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-11-30T12:00:00Z");

/** A log whose entries have these times; counts what is read. */
function logOf(times: readonly number[]): { read: (index: number) => Promise<number | null>; reads: () => number } {
  let reads = 0;
  return {
    read: (index) => {
      reads++;
      return Promise.resolve(times[index] ?? null);
    },
    reads: () => reads,
  };
}

/** Times of entries, `perDay` each day, for `days` until now. */
const steady = (perDay: number, days: number): readonly number[] =>
  Array.from({ length: perDay * days }, (_, i) => NOW - days * DAY_MS + (i * DAY_MS) / perDay);

describe("the growth of a log", () => {
  it.each([
    ["a young log", steady(10, 5), 10],
    ["an old log", steady(10, 400), 10],
    ["a log that grew faster", [...steady(10, 60).filter((at) => at < NOW - 30 * DAY_MS), ...steady(50, 30)], 50],
    ["a log that nobody uses any more", steady(10, 60).map((at) => at - 40 * DAY_MS), 0],
    ["an empty log", [], 0],
  ])("of %s is that of its last 30 days", async (_, times, expected) => {
    const log = logOf(times);
    const createdAt = times[0] ?? NOW - 2 * DAY_MS;
    expect(await measureGrowth(log.read, { size: times.length, createdAt }, NOW)).toBeCloseTo(expected, 1);
    expect(log.reads()).toBeLessThan(15);
  });

  it("is not known on the first day, nor where a time cannot be read", async () => {
    const young = { size: 1, createdAt: NOW - DAY_MS / 2 };
    expect(await measureGrowth(logOf([young.createdAt]).read, young, NOW)).toBeNull();
    const old = { size: 600, createdAt: NOW - 60 * DAY_MS };
    expect(await measureGrowth(() => Promise.resolve(null), old, NOW)).toBeNull();
  });

  it("is what a count of the entries says", async () => {
    const ages = fc.array(fc.integer({ min: 0, max: 100 * DAY_MS }), { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(ages, async (chosen) => {
        const createdAt = NOW - 100 * DAY_MS;
        const times = chosen.map((age) => NOW - age).toSorted((a, b) => a - b);
        const recent = times.filter((at) => at >= NOW - 30 * DAY_MS).length;
        const log = { size: times.length, createdAt };
        expect(await measureGrowth(logOf(times).read, log, NOW)).toBeCloseTo(recent / 30, 6);
      }),
    );
  });
});

const LOG: LogGrowth = {
  log: "signature",
  size: 1_000_000,
  perDay: 1000,
  isFrozen: false,
  storageBytes: 60e6,
  storageLimitBytes: 10e9,
};

const daysOf = (logs: readonly LogGrowth[], searchBytes: number | null): Readonly<Record<string, number | null>> =>
  Object.fromEntries(makeForecasts(logs, searchBytes).map(({ what, days }) => [what, days]));

describe("the forecasts", () => {
  it("count storage, database and rows of a day", () => {
    const certificates = { ...LOG, log: "certificate", storageBytes: 70e6 };
    // 90 bytes an entry, by what the database holds: 320 MB more for 2,000 entries a day.
    expect(daysOf([LOG, certificates], 180e6)).toEqual({
      "object:signature": 188_800,
      "object:certificate": 188_600,
      "search:free": 1777,
      "search:paid": 54_555,
      "rows:objects": null,
      "rows:search": null,
    });
    const rows = makeForecasts([LOG, certificates], 180e6).filter(({ unit }) => unit === "rows a day");
    expect(rows.map(describeForecast)).toEqual([
      "rows of Durable Objects (Free plan): 10,000 a day of 100,000",
      "rows of the search index (Free plan): 5,000 a day of 100,000",
    ]);
  });

  it("leave out a frozen log, a log whose growth is not known, and a plan that is exceeded", () => {
    expect(Object.keys(daysOf([{ ...LOG, isFrozen: true }], 1e6))).toEqual([]);
    expect(Object.keys(daysOf([{ ...LOG, perDay: null }], 1e6))).toEqual([]);
    expect(Object.keys(daysOf([LOG, { ...LOG, log: "young", perDay: null }], 1e6))).toEqual(["object:signature"]);
    expect(Object.keys(daysOf([LOG], 600e6))).not.toContain("search:free");
  });

  it.each([
    [{ ...LOG, storageBytes: 9.5e9 }, "the storage of the signature log: 9.5 GB of 9.5 GB, full"],
    [{ ...LOG, perDay: 0 }, "the storage of the signature log: 60.0 MB of 9.5 GB, full in more than 100 years"],
    [{ ...LOG, storageBytes: 9.49e9 }, "the storage of the signature log: 9.5 GB of 9.5 GB, full in 200 days"],
  ])("say when storage is full: %j", (log, line) => {
    expect(makeForecasts([log], null).map(describeForecast)[0]).toBe(line);
  });
});
