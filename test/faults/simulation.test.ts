// SPDX-License-Identifier: Apache-2.0
// A fixed number of seeds; `npm run simulate` runs as many more as one has time for.

import { describe, expect, it } from "vitest";
import { simulate } from "./simulation.ts";

const SEEDS = 12;
const STEPS = 1_000;

describe("the log under every fault", () => {
  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))("loses, doubles and forks nothing: seed %i", async (seed) => {
    const { violation, trace, steps } = await simulate(seed, STEPS);
    expect(violation, trace.join("\n")).toBeNull();
    expect(steps).toBeGreaterThanOrEqual(STEPS);
  });

  it("replays: one seed, one history", async () => {
    const [first, second, other] = [await simulate(5, 400), await simulate(5, 400), await simulate(7, 400)];
    expect(second.digest).toBe(first.digest);
    expect(second.counts).toEqual(first.counts);
    expect(other.digest).not.toBe(first.digest);
  });
});
