// SPDX-License-Identifier: Apache-2.0
// `npm run fuzz -- [--requests 100000] [--seed N]`: sends changed requests of every route to the whole service in
// workerd, audits both logs, and prints what the requests cost. Fails at the first that breaks a rule, and prints the
// numbers that reproduce it. The CPU is that of workerd alone, so the rest of the machine may work.

import { parseArgs } from "node:util";
import { checkAftermath } from "../test/fuzz/service/aftermath.ts";
import { Campaign, type RouteOutcome } from "../test/fuzz/service/campaign.ts";
import { startFuzzedStack } from "../test/fuzz/service/fuzzed-stack.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const [requests, seed] = [Number(values.requests), Number(values.seed)];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** One line for each route, the most expensive first. */
function printTable(outcomes: ReadonlyMap<string, RouteOutcome>): void {
  say("requests  alone: mean, most CPU  largest body, answer  route and statuses");
  const rows = [...outcomes].toSorted(([, a], [, b]) => b.maxCpuMs - a.maxCpuMs);
  for (const [route, { alone, cpuMs, maxCpuMs, maxBodyBytes, maxAnswerBytes, statuses, ...outcome }] of rows) {
    const counts = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}:${count}`);
    const cells = [
      String(outcome.requests).padStart(8),
      `${(cpuMs / Math.max(1, alone)).toFixed(2).padStart(11)} ms ${maxCpuMs.toFixed(1).padStart(6)} ms`,
      `${String(maxBodyBytes).padStart(11)} ${String(maxAnswerBytes).padStart(8)}`,
    ];
    say(`${cells.join("  ")}  ${route}  ${counts.join(" ")}`);
  }
}

say(`seed ${seed}, ${requests} requests`);
const started = performance.now();
const fuzzed = await startFuzzedStack();
const campaign = new Campaign(fuzzed);
try {
  await campaign.run(seed, requests, (done) =>
    say(
      `  ${done}  ${((performance.now() - started) / 1000).toFixed(0)} s, peak ${campaign.peakMegabytes.toFixed(0)} MB, budget ${campaign.budgetMs.toFixed(1)} ms`,
    ),
  );
  for (const line of await checkAftermath(fuzzed)) say(line);
} finally {
  printTable(campaign.outcomes);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  say(`${campaign.repeated} repeated to measure them, peak ${campaign.peakMegabytes.toFixed(0)} MB, ${seconds} s`);
  campaign.close();
  await fuzzed.stack.stop();
}
