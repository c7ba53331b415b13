// SPDX-License-Identifier: Apache-2.0
// Runs a fixed number of seeds. `npm run simulate` runs any number.

import { describe, expect, it } from "vitest";
import { simulate } from "./simulation.ts";

const SEEDS = 12;
const STEPS = 1_000;

describe("the log under every fault", () => {
  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))(
    "loses nothing, doubles nothing and never forks: seed %i",
    async (seed) => {
      const { violation, trace, steps } = await simulate(seed, STEPS);
      expect(violation, trace.join("\n")).toBeNull();
      expect(steps).toBeGreaterThanOrEqual(STEPS);
    },
  );

  it("replays: equal seeds give equal runs", async () => {
    const [first, second, other] = [await simulate(5, 400), await simulate(5, 400), await simulate(7, 400)];
    expect(second.digest).toBe(first.digest);
    expect(second.counts).toEqual(first.counts);
    expect(other.digest).not.toBe(first.digest);
  });
});
