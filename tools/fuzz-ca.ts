// SPDX-License-Identifier: Apache-2.0
// `npm run fuzz:ca -- [--cases 100000] [--seed N]`: sends broken requests to the CA and prints the outcomes. Fails at
// the first case that breaks a rule, and prints the numbers that reproduce it.

import { registerHooks } from "node:module";
import { parseArgs } from "node:util";

// The service's Durable Object extends a class that only workerd has; the unit tests' stand-in replaces it.
registerHooks({
  resolve: (specifier, context, next) =>
    next(
      specifier === "cloudflare:workers"
        ? new URL("../test/support/process/cloudflare-workers.ts", import.meta.url).href
        : specifier,
      context,
    ),
});
const { runCampaign } = await import("../test/fuzz/ca/campaign.ts");

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];
// Drops the line that the CA logs for each certificate.
console.log = () => {};
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`seed ${seed}, ${cases} cases`);
const started = performance.now();
const { statuses, certificates, slowestMs } = await runCampaign(seed, cases, (done) => say(`  ${done}`));
for (const [status, count] of [...statuses].toSorted(([a], [b]) => a - b)) {
  say(`${status}  ${String(count).padStart(7)}  ${((100 * count) / cases).toFixed(1).padStart(5)} %`);
}
say(
  `${certificates} certificates, each with its invariants; slowest case ${slowestMs.toFixed(0)} ms, ${((performance.now() - started) / 1000).toFixed(0)} s in all`,
);
