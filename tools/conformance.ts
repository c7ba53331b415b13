// SPDX-License-Identifier: Apache-2.0
// Verifies the bundles of a checkout of sigstore-conformance, those that must verify and those that must not, and
// prints the verdict on each beside the expected one. Fails if one differs. A test does the same with the copy in
// test/vectors; this is for a newer suite.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readCheckedOutCases } from "../test/support/bundles/conformance.ts";
import { judgeBundle, toOutcome } from "../test/support/bundles/judge.ts";

const [checkout] = process.argv.slice(2);
const assets = join(checkout ?? "", "test/assets/bundle-verify");
if (checkout === undefined || !existsSync(assets)) {
  process.stderr.write("give a checkout of sigstore-conformance: npm run conformance -- DIR\n");
  process.exit(2);
}

const cases = readCheckedOutCases(checkout, readdirSync(assets));
const differing: string[] = [];
for (const one of cases) {
  const { verdict, reasons } = await judgeBundle(one);
  const [expected, ours] = [toOutcome(one.isGood), toOutcome(verdict === "good")];
  if (expected !== ours) differing.push(one.name);
  const line = `${one.name.padEnd(64)} ${expected}  ${ours}  ${reasons.join("; ").slice(0, 120)}`;
  process.stdout.write(`${line.trimEnd()}\n`);
}
process.stdout.write(
  `${cases.length} bundles, ${differing.length} differ${differing.map((name) => `\n${name}`).join("")}\n`,
);
process.exitCode = differing.length === 0 ? 0 : 1;
