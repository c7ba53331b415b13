// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type MemoryD1, memoryD1 } from "../../../test/support/logs/sqlite-d1.ts";
import { type Hit, type SearchPage, searchPage } from "./search-index.ts";
import type { Bounds, SearchQuery } from "./search-query.ts";

const TERM = "email:a@b";
/** The first two logs and a shard. */
const LOGS = ["signature", "certificate", "sig-2027"] as const;
type LogName = (typeof LOGS)[number];
const ALL = LOGS.map((name) => ({ name, creation: `${name} itself` }));

interface Row {
  readonly log: LogName;
  readonly timestamp: number;
  readonly matches: boolean;
  readonly issuer?: string;
}

/** Appends entries as the sequencer's feed does: rows and watermark together. */
function append({ database }: MemoryD1, sizes: Record<LogName, number>, rows: readonly Row[]): void {
  for (const { log, timestamp, matches, issuer = null } of rows) {
    const index = sizes[log]++;
    const insert = (table: string, ...values: readonly (string | number | null)[]): unknown =>
      database.prepare(`INSERT INTO ${table} VALUES (${values.map(() => "?").join()})`).run(...values);
    if (matches) insert("posting", TERM, log, index);
    insert("posting", "email:other@b", log, index);
    insert("entry", log, index, timestamp, `digest ${index}`, null, issuer, 1);
    database
      .prepare("INSERT INTO watermark (log, size) VALUES (?, ?) ON CONFLICT (log) DO UPDATE SET size = excluded.size")
      .run(log, sizes[log]);
  }
}

async function page({ d1 }: MemoryD1, query: Partial<SearchQuery> = {}): Promise<SearchPage> {
  const result = await searchPage(
    d1,
    { terms: [TERM], issuer: null, logs: LOGS, limit: 20, bounds: null, ...query },
    ALL,
  );
  if (!result.ok) throw new Error(result.error.reason);
  return result.value;
}

const names = (hits: readonly Hit[]): readonly string[] => hits.map(({ log, leafIndex }) => `${log} ${leafIndex}`);
const empty = (): Record<LogName, number> => ({ signature: 0, certificate: 0, "sig-2027": 0 });

afterEach(() => {
  vi.useRealTimers();
});

describe("searchPage", () => {
  test("does not show the rows of another log under the same name, and says that nothing is complete", async () => {
    const memory = memoryD1();
    append(memory, empty(), [
      { log: "signature", timestamp: 1, matches: true },
      { log: "certificate", timestamp: 2, matches: true },
    ]);
    memory.database.exec("UPDATE watermark SET creation = 'another' WHERE log = 'signature'");
    memory.database.exec("UPDATE watermark SET creation = 'certificate itself' WHERE log = 'certificate'");
    const { hits, completeThrough } = await page(memory);
    expect(names(hits)).toEqual(["certificate 0"]);
    expect(Object.fromEntries(completeThrough)).toEqual({ signature: 0, certificate: 1, "sig-2027": 0 });
  });

  test("an empty index is complete through 0", async () => {
    expect(await page(memoryD1())).toStrictEqual({
      hits: [],
      next: null,
      completeThrough: new Map(LOGS.map((name) => [name, 0])),
    });
  });

  test("returns the entries of the term from both logs, newest first", async () => {
    const memory = memoryD1();
    append(memory, empty(), [
      { log: "signature", timestamp: 1, matches: true },
      { log: "certificate", timestamp: 1, matches: true },
      { log: "certificate", timestamp: 2, matches: true },
      { log: "signature", timestamp: 3, matches: false },
      { log: "signature", timestamp: 4, matches: true },
    ]);
    const { hits, next, completeThrough } = await page(memory);
    expect(names(hits)).toStrictEqual(["signature 2", "certificate 1", "signature 0", "certificate 0"]);
    expect(hits[0]).toStrictEqual({
      log: "signature",
      leafIndex: 2,
      timestamp: 4,
      digest: "digest 2",
      identity: null,
      issuer: null,
    });
    expect(next).toBeNull();
    expect(Object.fromEntries(completeThrough)).toStrictEqual({ signature: 3, certificate: 2, "sig-2027": 0 });
    const { hits: certificates } = await page(memory, { logs: ["certificate"] });
    expect(names(certificates)).toStrictEqual(["certificate 1", "certificate 0"]);
  });

  test("omits entries at and above the watermark", async () => {
    const memory = memoryD1();
    append(memory, empty(), [
      { log: "signature", timestamp: 1, matches: true },
      { log: "signature", timestamp: 2, matches: true },
    ]);
    memory.database.exec("UPDATE watermark SET size = 1");
    const { hits, completeThrough } = await page(memory);
    expect(names(hits)).toStrictEqual(["signature 0"]);
    expect(completeThrough.get("signature")).toBe(1);
    memory.database.exec("DELETE FROM watermark");
    expect((await page(memory)).hits).toStrictEqual([]);
  });

  test("pages through everything that the first page covered, once and in order, while the logs grow", async () => {
    const row = fc.record({
      log: fc.constantFrom(...LOGS),
      later: fc.constantFrom(0, 0, 1, 5),
      matches: fc.boolean(),
    });
    const batches = fc.array(fc.array(row, { maxLength: 12 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 5 }), async (growth, limit) => {
        const memory = memoryD1();
        const sizes = empty();
        const model: { log: LogName; leafIndex: number; timestamp: number }[] = [];
        let now = 0;
        const grow = (rows: (typeof growth)[number]): void => {
          for (const { log, later, matches } of rows) {
            now += later;
            if (matches) model.push({ log, leafIndex: sizes[log], timestamp: now });
            append(memory, sizes, [{ log, timestamp: now, matches }]);
          }
        };
        grow(growth[0] ?? []);
        const expected = model.toSorted(
          (a, b) => b.timestamp - a.timestamp || LOGS.indexOf(a.log) - LOGS.indexOf(b.log) || b.leafIndex - a.leafIndex,
        );
        const seen: Hit[] = [];
        let bounds: Bounds | null = null;
        for (let turn = 1; turn === 1 || bounds !== null; turn++) {
          const { hits, next }: SearchPage = await page(memory, { limit, bounds });
          expect(hits.length).toBeLessThanOrEqual(limit);
          if (next !== null) expect(hits.length).toBe(limit);
          seen.push(...hits);
          bounds = next;
          grow(growth[turn] ?? []);
        }
        expect(names(seen)).toStrictEqual(expected.map(({ log, leafIndex }) => `${log} ${leafIndex}`));
      }),
      { numRuns: 60 },
    );
  });

  test("finds an entry that has several of the terms once, and one that has any of them", async () => {
    const memory = memoryD1();
    append(memory, empty(), [
      { log: "signature", timestamp: 1, matches: true },
      { log: "signature", timestamp: 1, matches: false },
    ]);
    const { hits, next } = await page(memory, { terms: [TERM, "email:other@b"], limit: 2 });
    expect([names(hits), next]).toStrictEqual([["signature 1", "signature 0"], null]);
    const first = await page(memory, { terms: [TERM, "email:other@b"], limit: 1 });
    expect(names(first.hits)).toStrictEqual(["signature 1"]);
    const second = await page(memory, { terms: [TERM, "email:other@b"], limit: 1, bounds: first.next });
    expect([names(second.hits), second.next]).toStrictEqual([["signature 0"], null]);
  });

  test("takes an issuer with or without a slash at its end, and entries without one not at all", async () => {
    const memory = memoryD1();
    append(memory, empty(), [
      { log: "signature", timestamp: 1, matches: true, issuer: "https://a.example" },
      { log: "signature", timestamp: 2, matches: true, issuer: "https://a.example/" },
      { log: "signature", timestamp: 3, matches: true, issuer: "https://a.example/realm" },
      { log: "signature", timestamp: 4, matches: true },
      { log: "signature", timestamp: 5, matches: false, issuer: "https://a.example" },
    ]);
    for (const issuer of ["https://a.example", "https://a.example/"]) {
      expect(names((await page(memory, { issuer })).hits)).toStrictEqual(["signature 1", "signature 0"]);
      expect(names((await page(memory, { terms: [], issuer })).hits)).toStrictEqual([
        "signature 4",
        "signature 1",
        "signature 0",
      ]);
    }
  });

  test("pages through an issuer's entries, once and in order, however far apart they are", async () => {
    const row = fc.record({
      log: fc.constantFrom(...LOGS),
      later: fc.constantFrom(0, 0, 1),
      matches: fc.boolean(),
      run: fc.constantFrom(1, 1, 1, 3, 200),
      issuer: fc.constantFrom("https://a.example", "https://b.example"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (runs, limit, hasTerm) => {
          const memory = memoryD1();
          let now = 0;
          const rows = runs.flatMap(({ log, later, matches, run, issuer }) =>
            Array.from({ length: run }, () => ({ log, timestamp: (now += later), matches, issuer })),
          );
          memory.database.exec("BEGIN");
          append(memory, empty(), rows);
          memory.database.exec("COMMIT");
          const sizes = empty();
          const expected = rows
            .map(({ log, timestamp, matches, issuer }) => ({
              log,
              timestamp,
              matches,
              issuer,
              leafIndex: sizes[log]++,
            }))
            .filter(({ issuer, matches }) => issuer === "https://a.example" && (matches || !hasTerm))
            .toSorted(
              (a, b) =>
                b.timestamp - a.timestamp || LOGS.indexOf(a.log) - LOGS.indexOf(b.log) || b.leafIndex - a.leafIndex,
            );
          const seen: Hit[] = [];
          let bounds: Bounds | null = null;
          do {
            const query = { terms: hasTerm ? ([TERM] as const) : ([] as const), issuer: "https://a.example" };
            const { hits, next }: SearchPage = await page(memory, { ...query, limit, bounds });
            expect(hits.length).toBeLessThanOrEqual(limit);
            if (next !== null) expect(next).not.toStrictEqual(bounds);
            seen.push(...hits);
            bounds = next;
          } while (bounds !== null);
          expect(names(seen)).toStrictEqual(expected.map(({ log, leafIndex }) => `${log} ${leafIndex}`));
        },
      ),
      { numRuns: 12 },
    );
  });

  test("holds a hit back while another log may have a newer one below the window", async () => {
    const memory = memoryD1();
    const ours = "https://a.example";
    const others: Row[] = Array.from({ length: 300 }, () => ({ log: "signature", timestamp: 3, matches: true }));
    memory.database.exec("BEGIN");
    append(memory, empty(), [
      { log: "certificate", timestamp: 1, matches: true, issuer: ours },
      { log: "signature", timestamp: 2, matches: true, issuer: ours },
      ...others,
    ]);
    memory.database.exec("COMMIT");
    for (const terms of [[TERM], []] as const) {
      const first = await page(memory, { terms, issuer: ours });
      expect(names(first.hits)).toStrictEqual([]);
      const second = await page(memory, { terms, issuer: ours, bounds: first.next });
      expect([names(second.hits), second.next]).toStrictEqual([["signature 0", "certificate 0"], null]);
    }
  });

  test("looks at no more than a window of an issuer's log", async () => {
    for (const terms of [[TERM], []] as const) {
      const { database, statements, ...memory } = memoryD1();
      await page({ database, statements, ...memory }, { terms, issuer: "https://a.example" });
      const plans = statements.map(({ sql, values }) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values));
      const scans = plans.flat().filter(({ detail }) => /SCAN (?:posting|entry)/.test(String(detail)));
      expect(scans).toStrictEqual([]);
      for (const { sql, values } of statements.slice(1)) {
        expect(sql).toContain("LIMIT ?3");
        expect(values[2]).toBe(256);
      }
    }
  });

  test("scans the primary keys, and no more rows than it returns", async () => {
    const { database, statements, ...memory } = memoryD1();
    await page({ database, statements, ...memory });
    const plans = statements.map(({ sql, values }) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values));
    const steps = plans.flat().map(({ detail }) => detail);
    expect(steps).toContain("SEARCH posting USING PRIMARY KEY (term=? AND log=? AND idx<?)");
    expect(steps).toContain("SEARCH entry USING PRIMARY KEY (log=? AND idx=?)");
    // No sort. The only table that is scanned has one row per log.
    expect(steps.filter((step) => /SCAN|TEMP B-TREE/.test(String(step)))).toStrictEqual(["SCAN watermark"]);
  });

  test("fails with search_unavailable if D1 fails or its tables are missing", async () => {
    const memory = memoryD1();
    memory.fail("D1_ERROR: storage operation exceeded timeout");
    const query: SearchQuery = { terms: [TERM], issuer: null, logs: LOGS, limit: 20, bounds: null };
    const failed = await searchPage(memory.d1, query, ALL);
    expect(failed).toStrictEqual({
      ok: false,
      error: { code: "search_unavailable", reason: "D1_ERROR: storage operation exceeded timeout" },
    });
    memory.fail(null);
    memory.database.exec("DROP TABLE posting");
    expect(await searchPage(memory.d1, query, ALL)).toMatchObject({
      ok: false,
      error: { code: "search_unavailable", reason: "no such table: posting" },
    });
  });

  test("does not wait for a D1 that stalls", async () => {
    vi.useFakeTimers();
    const { d1 } = memoryD1();
    const stalled = new Proxy(d1, {
      get: (target, name) => (name === "batch" ? () => new Promise(() => undefined) : Reflect.get(target, name)),
    });
    const answer = searchPage(stalled, { terms: [TERM], issuer: null, logs: LOGS, limit: 20, bounds: null }, ALL);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await answer).toStrictEqual({
      ok: false,
      error: { code: "search_unavailable", reason: "no answer within 5000 ms" },
    });
  });
});
