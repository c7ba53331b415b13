// SPDX-License-Identifier: Apache-2.0
// The schedule of a monitor that keeps running.

import { expect, test } from "vitest";
import { stopOnSignals, waitBefore } from "./daemon.ts";

test.each<[string, readonly [number, number, number], number]>([
  ["the time of the pass counts", [60_000, 10_000, 0], 50_000],
  ["a pass that takes longer is followed at once, by one", [60_000, 200_000, 0], 0],
  ["one failure changes nothing", [60_000, 0, 1], 60_000],
  ["the second doubles the wait", [60_000, 0, 2], 120_000],
  ["eight times is the most", [60_000, 0, 9], 480_000],
  ["and an hour", [3_000_000, 0, 9], 3_600_000],
  ["unless the interval is longer", [7_200_000, 0, 9], 7_200_000],
])("%s", (_, given, wait) => {
  expect(waitBefore(...given)).toBe(wait);
});

test("a signal ends a wait, and every later one", async () => {
  const stop = stopOnSignals(["SIGUSR2"]);
  expect(stop.isStopped()).toBe(false);
  await stop.wait(1);
  const long = stop.wait(60_000);
  process.kill(process.pid, "SIGUSR2");
  await long;
  expect(stop.isStopped()).toBe(true);
  await stop.wait(60_000);
});
