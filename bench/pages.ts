// SPDX-License-Identifier: Apache-2.0
// Measures the CPU time of each reading page, warm and in a fresh isolate. D1 and the objects answer from recordings.

import { setTimeout as sleep } from "node:timers/promises";
import { type Budget, type Figure, figure, type Row, type Section } from "./figures.ts";
import type { SentRequest } from "./load.ts";
import { BUDGET, type Plan } from "./plan.ts";
import type { RequestFactory } from "./requests.ts";
import type { BenchStack } from "./stack.ts";
import { median } from "./statistics.ts";

/** The stack and the measurements on it. */
interface PagesBench {
  readonly stack: BenchStack;
  readonly plan: Plan;
  readonly requests: RequestFactory;
  readonly progress: (line: string) => void;
}

/** Several pages of hits. */
const ENTRIES = 60;

/** Name → path of each page, on a log of ENTRIES signatures by one identity. */
const listPages = (identity: string): readonly (readonly [name: string, path: string])[] => [
  ["start page", "/"],
  ["the logs", "/logs"],
  ["20 of an identity's entries", `/search?identity=${identity}`],
  ["a digest of no entry", `/search?q=${"ab".repeat(32)}`],
  ["an entry with a certificate", `/entry/signature/${ENTRIES}`],
  ["a certificate and what it signed", "/entry/certificate/0"],
  ["an identity by month", `/identity-of/${identity}`],
  ["what a text means", `/search/meanings?q=${"ab".repeat(32)}`],
];

const toRequest = (path: string): SentRequest => ({
  method: "GET",
  path,
  status: 200,
  headers: { accept: "text/html" },
});

async function signEntries({ stack, requests }: PagesBench): Promise<void> {
  for (let i = 0; i < ENTRIES; i++) await stack.client.post(requests.entry());
  await stack.waitUntilQuiet();
}

/** The recorded answers: those of D1, R2 and the objects, and those of the reads that pages ask for. */
interface Recorded {
  readonly "without reads": string;
  readonly "and of reads": string;
}

async function measureWarm({ stack, plan }: PagesBench, path: string): Promise<number> {
  const request = toRequest(path);
  const sample: number[] = [];
  // The first batches are not measured: V8 compiles the code.
  for (let i = -2; i < plan.batches; i++) {
    const used = await stack.readProcessorMs(async () => {
      for (let j = 0; j < plan.batch; j++) await stack.client.request(request);
    });
    if (i >= 0) sample.push(used / plan.batch);
  }
  return median(sample);
}

async function measureFresh(
  { stack, plan }: PagesBench,
  path: string,
  use: (stack: BenchStack) => Promise<void>,
): Promise<number> {
  const sample: number[] = [];
  for (let i = 0; i < plan.freshRuns; i++) {
    await stack.restart();
    await use(stack);
    // Exclude what workerd itself does for the first time.
    for (let j = 0; j < 5; j++) await stack.ask("nothing");
    await sleep(50);
    sample.push(await stack.readProcessorMs(async () => await stack.client.request(toRequest(path))));
  }
  return median(sample);
}

/** The page's own invocation, and those of all its reads, which are what the whole takes longer. */
const figuresOf = (page: number, whole: number, budget: Budget): readonly Figure[] => [
  figure("page", page, "ms", budget),
  figure("its reads", Math.max(0, whole - page), "ms", budget),
];

const MODES = ["without reads", "and of reads"] as const;

async function record({ stack }: PagesBench, paths: readonly string[]): Promise<Recorded> {
  const texts: string[] = [];
  for (const mode of MODES) {
    await stack.useRecordings("[]", mode);
    for (const path of paths) await stack.client.request(toRequest(path));
    texts.push(await stack.readRecordings());
  }
  const [objects = "", reads = ""] = texts;
  return { "without reads": objects, "and of reads": reads };
}

/** Measures every page. */
export async function measurePages(bench: PagesBench): Promise<Section> {
  const { stack, progress } = bench;
  const [{ email } = { email: "" }] = stack.identities;
  await signEntries(bench);
  const pages = listPages(email);
  const recorded = await record(
    bench,
    pages.map(([, path]) => path),
  );
  const measure = async (work: (path: string, mode: (typeof MODES)[number]) => Promise<number>, what: string) => {
    const found: { readonly page: number; readonly whole: number }[] = [];
    for (const [name, path] of pages) {
      progress(`page, ${what}: ${name}`);
      const whole = await work(path, "without reads");
      found.push({ page: await work(path, "and of reads"), whole });
    }
    return found;
  };
  const warm = await measure(async (path, mode) => {
    await stack.useRecordings(recorded[mode], mode);
    return await measureWarm(bench, path);
  }, "warm");
  const fresh = await measure(
    async (path, mode) => await measureFresh(bench, path, (one) => one.useRecordings(recorded[mode], mode)),
    "fresh isolate",
  );
  const rows = pages.flatMap(([name], i): readonly Row[] => {
    const [w, f] = [warm[i], fresh[i]];
    if (w === undefined || f === undefined) return [];
    return [
      { name: `${name}, warm`, figures: figuresOf(w.page, w.whole, BUDGET.warmMs) },
      { name: `${name}, fresh`, figures: figuresOf(f.page, f.whole, BUDGET.freshMs) },
    ];
  });
  return {
    title: "CPU of one page",
    notes: [
      "page: HTTP (which Cloudflare does not count), front end and the page, with recorded answers to its reads of the logs and of the",
      "trust root. its reads: their invocations, all of them together, which Cloudflare counts one by one: a search, an entry with its",
      "proof, the heads. D1, R2, the sequencer and the TUF repository repeat recorded answers. All answers are copied as in RPC.",
    ],
    rows,
  };
}
