// SPDX-License-Identifier: Apache-2.0
// Long worlds: tens of thousands of events each, so that tiles of level 1 fill, logs age, and faults meet faults.

import { describe, expect, it } from "vitest";
import { simulate } from "../faults/simulation.ts";

const STEPS = 30_000;

describe("the log under every fault, for long", () => {
  it.each([101, 102, 103])("loses, doubles and forks nothing: seed %i", { timeout: 180_000 }, async (seed) => {
    const { violation, trace, steps } = await simulate(seed, STEPS);
    expect(violation, trace.join("\n")).toBeNull();
    expect(steps).toBeGreaterThanOrEqual(STEPS);
  });
});
