// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { expect, it } from "vitest";
import { makeAppend } from "../../../shared/search/index-writes.ts";
import { unixMs } from "../../../shared/time.ts";
import { searchRow } from "../../../test/support/logs/search-rows.ts";
import { memoryD1 } from "../../../test/support/logs/sqlite-d1.ts";
import { Growth } from "./growth.ts";

/** An index that has entries with these times, ascending. */
function indexOf(times: readonly number[]): ReturnType<typeof memoryD1> {
  const index = memoryD1();
  const entries = times.map((time, leafIndex) => ({ leafIndex, timestamp: unixMs(time), search: searchRow() }));
  const statements = makeAppend({ name: "signature", creation: "c" }, entries);
  if (times.length > 0) index.run(statements.map(({ sql, values }) => index.d1.prepare(sql).bind(...values)));
  return index;
}

it("counts the entries before each time, as counting them one by one does", async () => {
  const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 600, size: "max" });
  await fc.assert(
    fc.asyncProperty(times, times, async (entries, bounds) => {
      const sorted = entries.toSorted((a, b) => a - b);
      const asked = bounds.toSorted((a, b) => a - b).slice(0, 32);
      const counted = await new Growth().countBefore(indexOf(sorted).d1, "signature", sorted.length, asked.map(unixMs));
      expect(counted).toEqual(asked.map((bound) => sorted.filter((time) => time < bound).length));
    }),
    { numRuns: 50 },
  );
});

it("asks once a minute, and not about more times than a page shows", async () => {
  const { d1, statements } = indexOf([1, 2, 3]);
  const growth = new Growth();
  const ask = (): Promise<readonly number[]> => growth.countBefore(d1, "signature", 3, [unixMs(2)]);
  expect([await ask(), await ask()]).toEqual([[1], [1]]);
  expect(statements.filter(({ sql }) => sql.includes("json_each(?2)"))).toHaveLength(1);
  await expect(
    growth.countBefore(
      d1,
      "signature",
      3,
      Array.from({ length: 33 }, () => unixMs(0)),
    ),
  ).rejects.toThrow("too many");
});
