// SPDX-License-Identifier: Apache-2.0
// A short run of the fuzzer, and the bodies that cost a parser most on every route that reads one: the whole service in
// workerd, with the heap of an isolate and a CPU ceiling per request. `npm run fuzz` runs it for long.

import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { checkAftermath } from "../fuzz/service/aftermath.ts";
import { Campaign, numbersFrom } from "../fuzz/service/campaign.ts";
import { type FuzzedStack, startFuzzedStack } from "../fuzz/service/fuzzed-stack.ts";
import { DER_HANDLERS } from "../fuzz/service/hostile-der.ts";
import { FUZZED_ROUTES } from "../fuzz/service/routes.ts";

/** `npm run mutate -- --fuzz N` sends more. */
const REQUESTS = Number(process.env["SIGEDGE_FUZZ_REQUESTS"] ?? "600");
const MS_PER_REQUEST = 200;
vi.setConfig({ testTimeout: REQUESTS * MS_PER_REQUEST });

let fuzzed: FuzzedStack;
let campaign: Campaign;

beforeAll(async () => {
  fuzzed = await startFuzzedStack();
  campaign = new Campaign(fuzzed);
});
afterAll(async () => {
  campaign.close();
  await fuzzed.stack.stop();
});

it.each(FUZZED_ROUTES.filter(({ method }) => method === "POST"))(
  "$path answers the most expensive bodies within the budget",
  async (row) => {
    await campaign.runExpensive(row);
  },
);

it.each(FUZZED_ROUTES.filter(({ handler }) => DER_HANDLERS.has(handler)))(
  "$path answers hostile DER within the budget",
  async (row) => {
    expect(await campaign.runDer(row)).toBeGreaterThan(50);
  },
);

it("answers hostile values in the place of every text within the budget, and without a failure", async () => {
  let sent = 0;
  for (const row of FUZZED_ROUTES.filter(({ method }) => method === "POST")) sent += await campaign.runValues(row);
  expect(sent).toBeGreaterThan(300);
  expect(campaign.deferredShare).toBe(0);
});

it("answers changed requests of every route within the budget, and without a failure", async () => {
  await campaign.run(20_261_129, numbersFrom(0, REQUESTS));
  const paths = FUZZED_ROUTES.map(({ method, path }) => `${method} ${path}`);
  expect([...campaign.outcomes.keys()].toSorted()).toEqual([...new Set(paths)].toSorted());
  expect(campaign.deferredShare).toBe(0);
});

it("leaves logs that accept entries and pass an audit", async () => {
  await checkAftermath(fuzzed);
});
