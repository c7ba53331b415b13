// SPDX-License-Identifier: Apache-2.0
// `npm run fuzz -- [--requests 100000] [--seed N]`: sends changed requests of every route to the whole service in
// workerd, and prints what they cost. Fails at the first that breaks a rule, and prints the numbers that reproduce it.

import { parseArgs } from "node:util";
import { Campaign, startFuzzedStack } from "../test/fuzz/service/campaign.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const [requests, seed] = [Number(values.requests), Number(values.seed)];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`seed ${seed}, ${requests} requests`);
const started = performance.now();
const fuzzed = await startFuzzedStack();
const campaign = new Campaign(fuzzed);
try {
  await campaign.run(seed, requests, (done) =>
    say(`  ${done}  ${Math.round(performance.now() - started)} ms, peak ${campaign.peakMegabytes.toFixed(0)} MB`),
  );
} finally {
  for (const [route, outcome] of [...campaign.outcomes].toSorted(([, a], [, b]) => b.maxCpuMs - a.maxCpuMs)) {
    const statuses = [...outcome.statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}:${count}`);
    const mean = outcome.cpuMs / outcome.requests;
    say(
      `${outcome.maxCpuMs.toFixed(1).padStart(6)} ms at most, ${mean.toFixed(2).padStart(6)} ms on average  ${route.padEnd(42)} ${statuses.join(" ")}`,
    );
  }
  say(`peak ${campaign.peakMegabytes.toFixed(0)} MB, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  await fuzzed.stack.stop();
}
