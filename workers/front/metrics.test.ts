// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { testLogs } from "../../test/support/logs/memory-log.ts";
import { serveMetrics } from "./metrics.ts";

const START = Date.parse("2026-11-29T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

it("asks every log at most once in five seconds, and again after a failure", async () => {
  const logs = Object.values(testLogs);
  let asked = 0;
  let isFailing = true;
  const describe = (): Promise<unknown> => {
    asked++;
    return isFailing ? Promise.reject(new Error("away")) : Promise.resolve({ state: "running", treeSize: asked });
  };
  const scrape = async (): Promise<string> =>
    await (
      await serveMetrics([], logs, {
        sequencer: { getByName: () => ({ describe }) } as never,
        trust: () => Promise.resolve({ problems: [], expiries: [] } as never),
        search: () => Promise.resolve({ byLog: null } as never),
        monitor: () => Promise.resolve({ state: null, problems: [] }),
      })
    ).text();
  await expect(scrape()).rejects.toThrow("away");
  isFailing = false;
  const page = await scrape();
  expect(asked).toBe(2 * logs.length);
  for (const [at, count] of [
    [4_999, 2],
    [5_000, 3],
    // A clock that was put back keeps nothing for long.
    [-1, 4],
  ] as const) {
    vi.setSystemTime(START + at);
    expect((await scrape()) === page).toBe(count === 2);
    expect([at, asked]).toEqual([at, count * logs.length]);
  }
});
