// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { expect, it } from "vitest";
import { unixMs } from "../../../shared/time.ts";
import { memoryD1 } from "../../../test/support/logs/sqlite-d1.ts";
import { Growth } from "./growth.ts";

/** An index that has entries with these times, ascending. */
function indexOf(times: readonly number[]): ReturnType<typeof memoryD1> {
  const index = memoryD1();
  const columns = index.database
    .prepare("SELECT name, \"notnull\" AS needed, type FROM pragma_table_info('entry')")
    .all();
  const names = columns.map(({ name }) => String(name));
  const insert = index.database.prepare(
    `INSERT INTO entry (${names.join(", ")}) VALUES (${names.map((name) => `:${name}`).join(", ")})`,
  );
  for (const [idx, time_ms] of times.entries()) {
    const values = columns.map(({ name, needed, type }) => {
      const known = { log: "signature", idx, time_ms }[String(name)];
      return [String(name), known ?? (needed === 0 ? null : type === "INTEGER" ? 1 : "")] as const;
    });
    insert.run(Object.fromEntries(values));
  }
  return index;
}

it("counts the entries before each time, as counting them one by one does", async () => {
  const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 });
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
  expect(statements.filter(({ sql }) => sql.includes("narrowed"))).toHaveLength(1);
  await expect(
    growth.countBefore(
      d1,
      "signature",
      3,
      Array.from({ length: 33 }, () => unixMs(0)),
    ),
  ).rejects.toThrow("too many");
});
