// SPDX-License-Identifier: Apache-2.0
// Long simulations: tens of thousands of events each, so that tiles of level 1 fill, logs age, and faults coincide.

import { describe, expect, it } from "vitest";
import { simulate } from "../faults/simulation.ts";

const STEPS = 30_000;

describe("the log under every fault, in long simulations", () => {
  it.each([101, 102, 103])("loses, duplicates and forks nothing: seed %i", { timeout: 180_000 }, async (seed) => {
    const { violation, trace, steps } = await simulate(seed, STEPS);
    expect(violation, trace.join("\n")).toBeNull();
    expect(steps).toBeGreaterThanOrEqual(STEPS);
  });
});
