// SPDX-License-Identifier: Apache-2.0
// `npm run bench`: measures the whole service on this machine and prints each figure beside its budget. Figures go to
// standard output, progress to standard error. A missed budget is reported and is not a failure, because machines
// differ.

import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { paint, say } from "../cli/terminal.ts";
import { createSigningKey } from "../test/support/authority/signing-keys.ts";
import { startUpstream } from "../test/support/oauth/upstream.ts";
import { REFERENCE_MS } from "../test/support/process/machine.ts";
import { measureAgainst } from "./against/against.ts";
import type { Bench } from "./bench.ts";
import { measureBill } from "./bill/bill.ts";
import { measureDeployment } from "./deployment.ts";
import { isMet, renderSection, type Section, toPlainFigures } from "./figures.ts";
import { measureLatency, measureLoad } from "./latency.ts";
import { chooseSizes, measureMonitor } from "./monitor.ts";
import { measureOperations, measureSequencer } from "./operations.ts";
import { measurePages } from "./pages.ts";
import { FULL, KEY_KINDS, type Plan, QUICK, VERIFICATION_MS } from "./plan.ts";
import { addFresh, measureSignature, measureWarm } from "./processor.ts";
import { canMeasure } from "./processor-time.ts";
import { measureProtections } from "./protections.ts";
import { measureRekorV1 } from "./rekor-v1.ts";
import { makeRequests } from "./requests.ts";
import { measureSignIn, SignIns } from "./sign-in.ts";
import { BenchStack, workerWarnings } from "./stack.ts";

const USAGE = `npm run bench -- [--quick] [--sign-in] [--pages] [--rekor-v1] [--monitor [--entries N]] [--bill] [--against] [--json FILE]

  --quick      measures smaller samples, in two minutes
  --sign-in    measures the steps of a sign-in and nothing else
  --pages      measures the reading pages and nothing else
  --rekor-v1   measures an entry of Rekor v1 beside rekor-server, which npm run test:interop builds, and nothing else
  --monitor    measures sigedge monitor and nothing else
  --bill       counts what days of three deployments use, and what they cost, and nothing else
  --against    measures the reference servers beside it, in turns, and nothing else; build them with
               node tools/interop-tools.ts fulcio tesseract-posix rekor-tiles-posix timestamp-server
  --entries N  with --monitor: on one log of N entries
  --json FILE  also writes the figures to a file`;

const started = performance.now();
const showProgress = (line: string): void =>
  void process.stderr.write(
    paint("dim", `${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}\n`),
  );

const machine = {
  processors: cpus().length,
  model: cpus()[0]?.model ?? "unknown",
  loadAverage: loadavg()[0] ?? 0,
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
  verificationMs: VERIFICATION_MS,
};

const sections: Section[] = [];

function add(section: Section): void {
  sections.push(section);
  say(renderSection(section));
}

/** Runs with a new stack and stops it afterwards. */
async function runWithStack<T>(plan: Plan, run: (bench: Bench) => Promise<T>): Promise<T> {
  showProgress("starting a stack");
  const key = createSigningKey("ecdsa-p256");
  const listed = Array.from(KEY_KINDS.keys(), createSigningKey);
  const stack = await BenchStack.start(listed);
  try {
    return await run({
      stack,
      plan,
      progress: showProgress,
      key,
      requests: await makeRequests(stack, { key, listed }),
    });
  } finally {
    await stack.stop();
  }
}

/** Measures on a stack of its own, as only sign-ins need a provider. */
async function measureSignIns(plan: Plan): Promise<Section> {
  const upstream = await startUpstream();
  const connector = { type: "oidc", name: "Work", slug: "work", config: { issuer: upstream.url, clientID: "sigedge" } };
  const stack = await BenchStack.start([], {
    OIDC_CONNECTORS: JSON.stringify([connector]),
    OIDC_CONNECTOR_SECRETS: JSON.stringify({ work: upstream.clientSecret }),
  });
  try {
    return await measureSignIn({ stack, plan, signIns: new SignIns(stack, upstream), progress: showProgress });
  } finally {
    await stack.stop();
    upstream.stop();
  }
}

async function measureAll(plan: Plan): Promise<void> {
  const warm = await runWithStack(plan, async (bench) => {
    add(await measureLatency(bench));
    add(await measureLoad(bench));
    add(await measureOperations(bench));
    add(await measureSequencer(bench));
    add(await measureProtections(bench));
    if (!canMeasure()) return null;
    add(await measureSignature(bench));
    return measureWarm(bench);
  });
  if (warm === null) {
    say("CPU is not measured on this system: it has no /proc/self/schedstat.");
    return;
  }
  add(await runWithStack(plan, (bench) => addFresh(bench, warm)));
  add(await measureSignIns(plan));
  add(await runWithStack(plan, measurePages));
  add(await measureMonitor(chooseSizes(plan === QUICK, undefined), showProgress));
  add(await measureDeployment(plan, showProgress));
}

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    "sign-in": { type: "boolean", default: false },
    pages: { type: "boolean", default: false },
    "rekor-v1": { type: "boolean", default: false },
    monitor: { type: "boolean", default: false },
    against: { type: "boolean", default: false },
    bill: { type: "boolean", default: false },
    entries: { type: "string" },
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
say(`a P-256 verification by OpenSSL takes ${machine.verificationMs.toFixed(3)} ms of CPU on this machine now;`);
say(`budgets of CPU time are for a machine that takes ${REFERENCE_MS} ms; on a slower one they are as much longer.`);
say(paint("dim", "Clients and service share the machine; other work on it makes every figure worse.\n"));
try {
  if (values.pages) add(await runWithStack(plan, measurePages));
  else if (values["rekor-v1"]) add(await measureRekorV1(plan, showProgress));
  else if (values.monitor) add(await measureMonitor(chooseSizes(values.quick, values.entries), showProgress));
  else if (values.against) for (const section of await runWithStack(plan, measureAgainst)) add(section);
  else if (values.bill) say(await runWithStack(plan, measureBill));
  else if (values["sign-in"]) add(await measureSignIns(plan));
  else await measureAll(plan);
  const figures = sections.flatMap(({ rows }) => rows.flatMap((row) => row.figures));
  const met = figures.map(isMet);
  say(`${met.filter((is) => is === true).length} budgets met, ${met.filter((is) => is === false).length} missed`);
  if (values.json !== undefined) {
    const data = { machine, quick: values.quick, figures: toPlainFigures(sections) };
    writeFileSync(values.json, `${JSON.stringify(data, null, 2)}\n`);
  }
} catch (error) {
  process.stderr.write(`sigedge bench: ${error instanceof Error ? error.message : String(error)}\n`);
  for (const line of workerWarnings.slice(-20)) process.stderr.write(`  ${line}\n`);
  process.exitCode = 1;
}
