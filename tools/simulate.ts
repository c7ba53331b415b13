// SPDX-License-Identifier: Apache-2.0
// `npm run simulate -- --seeds 1000`: runs the log in simulated worlds in which everything fails, and reports what it
// found. If a world goes wrong, exits with 1 and prints the command that repeats it.

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { count, progressBar } from "../cli/progress.ts";
import { duration, fail, paint, say } from "../cli/terminal.ts";
import type { Report } from "../test/faults/simulation.ts";

const USAGE = `npm run simulate -- [--seeds N] [--seed S] [--steps K] [--jobs J]

  --seeds N  number of worlds (100; 1 if --seed is given)
  --seed S   number of the first world (1)
  --steps K  events in each world before all faults are healed and the log is checked (20000)
  --jobs J   worlds that run at a time (one per processor)
  --trace    print the last 400 events of the first world that goes wrong`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    steps: { type: "string", default: "20000" },
    jobs: { type: "string", default: String(availableParallelism()) },
    trace: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

interface Totals {
  worlds: number;
  steps: number;
  virtualMs: number;
  acknowledged: number;
  audits: number;
  readonly counts: Map<string, number>;
  readonly failed: Report[];
}

function parseWhole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) fail(`--${name} must be a whole number, not ${text}`);
  return number;
}

/** Runs the seeds on `jobs` threads, one at a time each. */
async function runAll(first: number, seeds: number, steps: number, jobs: number): Promise<Totals> {
  const totals: Totals = {
    worlds: 0,
    steps: 0,
    virtualMs: 0,
    acknowledged: 0,
    audits: 0,
    counts: new Map(),
    failed: [],
  };
  const bar = progressBar("worlds");
  let next = first;
  const runWorker = async (): Promise<void> => {
    const thread = new Worker(join(import.meta.dirname, "../test/faults/simulation-thread.ts"));
    while (next < first + seeds) {
      const seed = next++;
      const report = await runSeed(thread, { seed, steps });
      add(totals, report);
      if (report.violation !== null) {
        bar.end();
        say(`${paint("red", "✗")} seed ${seed}: ${report.violation.split("\n")[0]}`);
      }
      bar.show(totals.worlds, seeds);
    }
    await thread.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(jobs, seeds) }, runWorker));
  bar.end();
  return totals;
}

const runSeed = (thread: Worker, task: { readonly seed: number; readonly steps: number }): Promise<Report> =>
  new Promise((resolve, reject) => {
    const rejectWith = (error: Error): void => reject(new Error(`seed ${task.seed}`, { cause: error }));
    thread.once("error", rejectWith);
    thread.once("message", (report: Report) => {
      thread.off("error", rejectWith);
      resolve(report);
    });
    thread.postMessage(task, []);
  });

function add(totals: Totals, report: Report): void {
  totals.worlds++;
  totals.steps += report.steps;
  totals.virtualMs += report.virtualMs;
  totals.acknowledged += report.acknowledged;
  totals.audits += report.audits;
  for (const [name, times] of report.counts) totals.counts.set(name, (totals.counts.get(name) ?? 0) + times);
  if (report.violation !== null) totals.failed.push(report);
}

function printTotals(totals: Totals, steps: number, tookMs: number): void {
  const { worlds, counts, failed } = totals;
  say(
    `${count(worlds)} worlds, ${count(totals.steps)} steps, ${count(totals.virtualMs / 60_000)} min of virtual time in ${duration(tookMs)}`,
  );
  say(`${count(totals.acknowledged)} entries acknowledged, ${count(totals.audits)} audits`);
  const names = [...counts.keys()].toSorted();
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) say(`  ${name.padEnd(width)} ${count(counts.get(name) ?? 0).padStart(9)}`);
  const endings = names.filter((name) => name.startsWith("instance: "));
  const sum = (some: readonly string[]): number => some.reduce((total, name) => total + (counts.get(name) ?? 0), 0);
  say(`${count(sum(endings))} instances ended, ${count(sum(names) - sum(endings))} faults`);
  if (failed.length === 0) say(`${paint("green", "✓")} nothing was lost, doubled or forked`);
  for (const { seed } of failed) {
    say(`${paint("red", "✗")} repeat with: npm run simulate -- --seed ${seed} --steps ${steps} --trace`);
  }
}

async function main(): Promise<void> {
  if (values.help) return say(USAGE);
  const steps = parseWhole("steps", values.steps);
  const seeds = parseWhole("seeds", values.seeds ?? (values.seed === undefined ? "100" : "1"));
  const started = performance.now();
  const totals = await runAll(
    parseWhole("seed", values.seed ?? "1"),
    seeds,
    steps,
    Math.max(1, parseWhole("jobs", values.jobs)),
  );
  const [worst] = totals.failed;
  if (values.trace && worst !== undefined) say([...worst.trace, worst.violation, ""].join("\n"));
  printTotals(totals, steps, performance.now() - started);
  process.exitCode = totals.failed.length === 0 ? 0 : 1;
}

await main();
