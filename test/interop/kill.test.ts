// SPDX-License-Identifier: Apache-2.0
// Kills workerd with kill -9 under load. `npm run kill -- --rounds 50` does it more often.

import { afterAll, beforeAll, expect, it } from "vitest";
import { killRounds } from "../support/logs/kill-rounds.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ vars: { ACCEPT: "open", ENTRIES_PER_KEY: "1000000000" } });
});
afterAll(async () => await stack.stop());

it("loses, duplicates, changes and forks nothing over ten kills", { timeout: 180_000 }, async () => {
  const { committedUnanswered, entries, v1Entries, certificates, immutables, sizes } = await killRounds(stack, 10);
  // The kills interrupted requests, and there were entries to lose.
  expect(committedUnanswered).toBeGreaterThan(0);
  expect(immutables).toBeGreaterThan(0);
  expect(sizes.signature).toBe(entries + 1);
  expect(sizes.rekorV1).toBe(v1Entries + 1);
  expect(sizes.certificate).toBeGreaterThanOrEqual(certificates);
});
