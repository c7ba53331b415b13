// SPDX-License-Identifier: Apache-2.0
// `npm run fuzz -- [--requests 100000] [--seed N] [--stacks 2]`: sends changed requests of every route to the whole
// service in workerd, audits both logs, and prints what the requests cost. Fails at the first that breaks a rule, and
// prints the numbers that reproduce it. The CPU is that of workerd alone, so the rest of the machine may work.
//
// CPU is measured for one batch at a time, so that a stack leaves most of two cores idle: several stacks share the
// requests, as many as the machine has cores. Every 100,000 requests the logs are audited and new stacks take over, so
// that memory has to stay within its bound for as long, and a long run holds no log of its whole length.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { checkAftermath } from "../test/fuzz/service/aftermath.ts";
import { Campaign, mergeOutcomes, numbersFrom, type RouteOutcome } from "../test/fuzz/service/campaign.ts";
import { startFuzzedStack } from "../test/fuzz/service/fuzzed-stack.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    stacks: { type: "string", default: String(availableParallelism()) },
  },
});
const [requests, seed, stacks] = [Number(values.requests), Number(values.seed), Number(values.stacks)];
const REPORT_EVERY = 2000;
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

/** The requests that one deployment gets. Its logs are audited then, and the next begins without a log. */
const REQUESTS_PER_DEPLOYMENT = 100_000;

const started = performance.now();
const outcomes: ReadonlyMap<string, RouteOutcome>[] = [];
let done = 0;
let repeated = 0;
let peakMegabytes = 0;

/** Sends the requests from `first` up to `end` to new stacks, each its share, and audits what they leave. */
async function runDeployment(first: number, end: number): Promise<void> {
  const all = await Promise.all(Array.from({ length: stacks }, startFuzzedStack));
  const campaigns = all.map((fuzzed) => new Campaign(fuzzed));
  const peak = (): number => Math.max(peakMegabytes, ...campaigns.map((campaign) => campaign.peakMegabytes));
  const report = (): void => {
    if (++done % REPORT_EVERY !== 0) return;
    const seconds = (performance.now() - started) / 1000;
    const budget = Math.max(...campaigns.map(({ budgetMs }) => budgetMs)).toFixed(1);
    const rate = (done / seconds).toFixed(0);
    say(`  ${done}  ${seconds.toFixed(0)} s, ${rate}/s, peak ${peak().toFixed(0)} MB, budget ${budget} ms`);
  };
  try {
    await Promise.all(campaigns.map((campaign, i) => campaign.run(seed, numbersFrom(first + i, end, stacks), report)));
    for (const fuzzed of all) for (const line of await checkAftermath(fuzzed)) say(line);
  } finally {
    peakMegabytes = peak();
    outcomes.push(...campaigns.map((campaign) => campaign.outcomes));
    repeated += campaigns.reduce((sum, campaign) => sum + campaign.repeated, 0);
    for (const campaign of campaigns) campaign.close();
    await Promise.all(all.map(({ stack }) => stack.stop()));
  }
}

say(`seed ${seed}, ${requests} requests, ${stacks} stacks`);
try {
  for (let first = 0; first < requests; first += REQUESTS_PER_DEPLOYMENT) {
    await runDeployment(first, Math.min(requests, first + REQUESTS_PER_DEPLOYMENT));
  }
} finally {
  printTable(mergeOutcomes(outcomes));
  say(`${repeated} repeated to measure them, peak ${peakMegabytes.toFixed(0)} MB`);
}
