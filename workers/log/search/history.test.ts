// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { makeAppend } from "../../../shared/search/index-writes.ts";
import type { MonthCounts } from "../../../shared/search/month-counts.ts";
import { type Signer } from "../../../shared/search/signer.ts";
import { monthOf, monthStart, unixMs } from "../../../shared/time.ts";
import { emailSigner, searchRow } from "../../../test/support/logs/search-rows.ts";
import { type MemoryD1, memoryD1 } from "../../../test/support/logs/sqlite-d1.ts";
import { countByMonth, type Period } from "./history.ts";
import { parseSearchQuery } from "./query.ts";

const LOGS = ["signature", "certificate"] as const;
const ALL = LOGS.map((name) => ({ name, creation: name }));
const ALICE = emailSigner("alice@example.com", "https://a.example");
const ALICE_ELSEWHERE = emailSigner("alice@example.com", "https://b.example");
const BOB = emailSigner("bob@example.com");
const DAY_MS = 86_400_000;
const START = Date.UTC(2024, 10, 1);

/** Entries of both logs, one every four hours: 1500 of each log in some eight months. */
function fill(memory: MemoryD1): readonly { readonly time: number; readonly signer: Signer }[] {
  const all: { readonly time: number; readonly signer: Signer }[] = [];
  for (const [number, name] of LOGS.entries()) {
    const entries = Array.from({ length: 1500 }, (_, leafIndex) => {
      const signer = leafIndex % 7 === number ? ALICE : leafIndex % 11 === 0 ? ALICE_ELSEWHERE : BOB;
      const time = START + (leafIndex * DAY_MS) / 6 + number;
      all.push({ time, signer });
      return { leafIndex, timestamp: unixMs(time), search: searchRow({ signer }) };
    });
    memory.database.exec("BEGIN");
    for (let at = 0; at < entries.length; at += 64)
      memory.run(
        makeAppend({ name, creation: name }, entries.slice(at, at + 64)).map(({ sql, values }) =>
          memory.d1.prepare(sql).bind(...values),
        ),
      );
    memory.database.exec("COMMIT");
  }
  return all;
}

async function count(memory: MemoryD1, identity: string, period: Period): Promise<MonthCounts> {
  const query = parseSearchQuery(new URLSearchParams({ identity }), LOGS);
  if (!query.ok) throw new Error(query.error.parameter);
  const until = period.before === null ? null : unixMs(period.before - 1);
  const counts = await countByMonth(memory.d1, { ...query.value, until }, ALL, period);
  if (counts === null) throw new Error("not counted");
  return counts;
}

const toMap = ({ months }: MonthCounts): Map<number, number> => new Map(months.map((one) => [one.month, one.count]));

test("every entry of an identity is counted in its month, in all logs, whoever vouched for it", async () => {
  const memory = memoryD1();
  const all = fill(memory);
  const expected = new Map<number, number>();
  for (const { time, signer } of all) {
    const month = monthOf(unixMs(time));
    if (signer !== BOB) expected.set(month, (expected.get(month) ?? 0) + 1);
  }
  const counts = await count(memory, "Alice@example.com", { before: null });
  expect([counts.isOldestPartial, counts.earlierBefore]).toEqual([false, null]);
  expect(toMap(counts)).toEqual(expected);
  expect(counts.months).toEqual(counts.months.toSorted((a, b) => a.month - b.month));
});

test("a name without entries has none", async () => {
  const memory = memoryD1();
  fill(memory);
  const counts = await count(memory, "carol@example.com", { before: null });
  expect(counts).toEqual({ months: [], isOldestPartial: false, earlierBefore: null });
});

test.each([1, 2, 3, 4])(
  "pages of at most %d rows count each month once, whole, and read no more rows",
  async (maxBlocks) => {
    const memory = memoryD1();
    fill(memory);
    const whole = toMap(await count(memory, "alice@example.com", { before: null }));
    const seen = new Map<number, number>();
    let before: number | null = null;
    for (let pages = 0; pages < 20; pages++) {
      const period = { before: before === null ? null : monthStart(before), maxBlocks };
      const counts: MonthCounts = await count(memory, "alice@example.com", period);
      for (const { month, count: entries } of counts.months) {
        expect(seen.has(month)).toBe(false);
        if (counts.isOldestPartial) expect(entries).toBeLessThanOrEqual(whole.get(month) ?? 0);
        else expect(entries).toBe(whole.get(month));
        seen.set(month, entries);
      }
      if (counts.earlierBefore === null) {
        // Each log has six rows.
        expect(pages).toBeGreaterThan(0);
        expect(new Set(seen.keys())).toEqual(new Set(whole.keys()));
        return;
      }
      if (before !== null) expect(counts.earlierBefore).toBeLessThan(before);
      before = counts.earlierBefore;
    }
    throw new Error("the pages do not end");
  },
);
