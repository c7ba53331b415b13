// SPDX-License-Identifier: Apache-2.0
// `npm run bench`: measures the whole service on this machine and shows each figure beside its budget. Figures on standard
// output, what is being measured on standard error. A missed budget is shown, it is no failure: machines differ.

import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { say, styled } from "../cli/terminal.ts";
import type { KeyKind } from "../shared/crypto/public-key.ts";
import { newSigningKey, type SigningKey } from "../test/support/signing-keys.ts";
import { measureDeployment } from "./deployment.ts";
import { figuresAsData, isMet, renderSection, type Section } from "./figures.ts";
import { measureLatency, measureLoad } from "./latency.ts";
import { measureOperations, measureSequencer } from "./operations.ts";
import { type Bench, FULL, KEY_KINDS, type Plan, QUICK } from "./plan.ts";
import { measureRequests, measureSignature } from "./processor.ts";
import { canMeasure } from "./processor-time.ts";
import { makeRequests } from "./shots.ts";
import { BenchStack, complaints } from "./stack.ts";
import { verificationMs } from "./yardstick.ts";

const USAGE = `npm run bench -- [--quick] [--json FILE]

  --quick      fewer of everything, in a minute and a half
  --json FILE  writes the figures to a file as well`;

const started = performance.now();
const progress = (line: string): void =>
  void process.stderr.write(
    styled("dim", `${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}\n`),
  );

const machine = {
  processors: cpus().length,
  model: cpus()[0]?.model ?? "unknown",
  loadAverage: loadavg()[0] ?? 0,
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
  verificationMs: verificationMs(),
};

const sections: Section[] = [];

function add(section: Section): void {
  sections.push(section);
  say(renderSection(section));
}

async function measureStack(plan: Plan): Promise<void> {
  progress("starting a stack");
  const key = newSigningKey("ecdsa-p256");
  const listed = new Map<KeyKind, SigningKey>([...KEY_KINDS.keys()].map((kind) => [kind, newSigningKey(kind)]));
  const stack = await BenchStack.start([...listed.values()]);
  try {
    const bench: Bench = { stack, plan, progress };
    const requests = await makeRequests(stack, { key, listed: listed.get("ecdsa-p256") ?? key });
    add(await measureLatency(bench, requests));
    add(await measureLoad(bench, requests));
    add(await measureOperations(bench, key));
    if (!canMeasure()) return;
    add(await measureSignature(bench, key));
    add(await measureSequencer(bench));
    add(await measureRequests(bench, requests, listed));
  } finally {
    await stack.stop();
  }
}

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  say(USAGE);
  process.exit(0);
}
const plan = values.quick ? QUICK : FULL;
say(
  `${machine.processors} × ${machine.model}, load ${machine.loadAverage.toFixed(1)}, Node ${machine.node}, ${machine.platform}`,
);
say(`a P-256 verification by OpenSSL takes ${machine.verificationMs.toFixed(3)} ms of CPU here and now`);
say(styled("dim", "Clients and service share the machine; whatever else runs on it makes every figure worse.\n"));
try {
  await measureStack(plan);
  if (canMeasure()) add(await measureDeployment(plan, progress));
  else say("CPU is read from /proc and not measured on this system.");
  const figures = sections.flatMap(({ rows }) => rows.flatMap((row) => row.figures));
  const met = figures.map(isMet);
  say(`${met.filter((is) => is === true).length} budgets met, ${met.filter((is) => is === false).length} missed`);
  if (values.json !== undefined) {
    const data = { machine, quick: values.quick, figures: figuresAsData(sections) };
    writeFileSync(values.json, `${JSON.stringify(data, null, 2)}\n`);
  }
} catch (error) {
  process.stderr.write(`sigedge bench: ${error instanceof Error ? error.message : String(error)}\n`);
  for (const line of complaints.slice(-20)) process.stderr.write(`  ${line}\n`);
  process.exitCode = 1;
}
