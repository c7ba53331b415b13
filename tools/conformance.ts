// SPDX-License-Identifier: Apache-2.0
// Verifies the bundles of a checkout of sigstore-conformance, those that must verify and those that must not, and
// prints the verdict on each beside the expected one. Fails if one differs.
// Spec: https://github.com/sigstore/sigstore-conformance, test/assets/bundle-verify, test/client.py

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BEACON, type BundleCase, GITHUB_ACTIONS, PUBLIC_GOOD_ROOT } from "../test/support/bundles/cases.ts";
import { judgeBundle, toOutcome } from "../test/support/bundles/judge.ts";

const [checkout] = process.argv.slice(2);
const assets = join(checkout ?? "", "test/assets/bundle-verify");
if (checkout === undefined || !existsSync(assets)) {
  process.stderr.write("give a checkout of sigstore-conformance: npm run conformance -- DIR\n");
  process.exit(2);
}

function readCase(name: string): BundleCase {
  const path = (file: string): string => join(assets, name, file);
  const read = (file: string): Buffer | null => (existsSync(path(file)) ? readFileSync(path(file)) : null);
  const artifact = read("artifact") ?? readFileSync(join(assets, "a.txt"));
  const key = read("key.pub")?.toString() ?? null;
  const identity = read("identity")?.toString().trim() ?? BEACON;
  return {
    name,
    bundle: readFileSync(path("bundle.sigstore.json")),
    root: read("trusted_root.json") ?? readFileSync(PUBLIC_GOOD_ROOT),
    signer: key === null ? { identity, issuer: read("issuer")?.toString().trim() ?? GITHUB_ACTIONS } : null,
    key,
    artifact: createHash("sha256").update(artifact).digest("hex"),
    isGood: !name.endsWith("_fail"),
  };
}

const names = readdirSync(assets).filter((name) => existsSync(join(assets, name, "bundle.sigstore.json")));
const differing: string[] = [];
for (const name of names.toSorted()) {
  const one = readCase(name);
  const { verdict, reasons } = await judgeBundle(one);
  const [expected, ours] = [toOutcome(one.isGood), toOutcome(verdict === "good")];
  if (expected !== ours) differing.push(name);
  process.stdout.write(`${name.padEnd(64)} ${expected}  ${ours}  ${reasons.join("; ").slice(0, 120)}`.trimEnd() + "\n");
}
process.stdout.write(
  `${names.length} bundles, ${differing.length} differ${differing.map((name) => `\n${name}`).join("")}\n`,
);
process.exitCode = differing.length === 0 ? 0 : 1;
