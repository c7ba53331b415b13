// SPDX-License-Identifier: Apache-2.0
// A short run of `npm run fuzz:ca` with a fixed seed.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { runCampaign } from "../../../test/fuzz/ca/campaign.ts";

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

it("answers corrupted requests with proper errors, and issues only complete certificates", async () => {
  const { statuses, certificates } = await runCampaign(20_261_123, 600);
  expect([...statuses.keys()].toSorted((a, b) => a - b)).toEqual(expect.arrayContaining([200, 201, 400, 501]));
  // If no request gets through, the fuzzer tests only the first check.
  expect(certificates).toBeGreaterThanOrEqual(60);
});
