// SPDX-License-Identifier: Apache-2.0
// A short run of `npm run fuzz:ca`, always the same one.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { runCampaign } from "../../../test/fuzz/ca/campaign.ts";

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

it("answers spoilt requests in order, and gives away no certificate that is not whole", async () => {
  const { statuses, certificates } = await runCampaign(20_261_123, 600);
  expect([...statuses.keys()].toSorted((a, b) => a - b)).toEqual(expect.arrayContaining([200, 201, 400, 501]));
  // A fuzzer of which nothing gets through tests the first check only.
  expect(certificates).toBeGreaterThanOrEqual(60);
});
