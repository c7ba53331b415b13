// SPDX-License-Identifier: Apache-2.0
// `npm run fuzz:ca -- [--cases 100000] [--seed N]`: spoilt requests against the CA. Prints what came of them; ends with an error
// at the first case that breaks a rule, with the numbers that reproduce it.

import { registerHooks } from "node:module";
import { parseArgs } from "node:util";

// The service's Durable Object extends a class that only workerd has; as in the unit tests, another stands in for it.
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
// One line for each certificate is for a deployment's log.
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
