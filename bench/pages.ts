// SPDX-License-Identifier: Apache-2.0
// Measures the CPU time of each reading page, warm and in a fresh isolate. D1 and the objects answer from recordings.

import { setTimeout as sleep } from "node:timers/promises";
import { type Figure, figure, type Row, type Section } from "./figures.ts";
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
  ["a digest of no entry: four meanings", `/search?q=${"ab".repeat(32)}`],
  ["an entry with a certificate", `/entry/signature/${ENTRIES}`],
  ["a certificate, with what it signed", "/entry/certificate/0"],
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

async function measureWarm({ stack, plan, progress }: PagesBench, name: string, path: string): Promise<Figure> {
  progress(`page, warm: ${name}`);
  const request = toRequest(path);
  const sample: number[] = [];
  // The first batches are not measured: V8 compiles the code.
  for (let i = -2; i < plan.batches; i++) {
    const used = await stack.readProcessorMs(async () => {
      for (let j = 0; j < plan.batch; j++) await stack.client.request(request);
    });
    if (i >= 0) sample.push(used / plan.batch);
  }
  return figure("warm", median(sample), "ms", BUDGET.warmMs);
}

async function measureFresh(
  { stack, plan, progress }: PagesBench,
  name: string,
  { path, recordings }: { readonly path: string; readonly recordings: string },
): Promise<Figure> {
  progress(`page, fresh isolate: ${name}`);
  const sample: number[] = [];
  for (let i = 0; i < plan.freshRuns; i++) {
    await stack.restart();
    await stack.useRecordings(recordings);
    // Exclude what workerd itself does for the first time.
    for (let j = 0; j < 5; j++) await stack.ask("nothing");
    await sleep(50);
    sample.push(await stack.readProcessorMs(async () => await stack.client.request(toRequest(path))));
  }
  return figure("fresh", median(sample), "ms", BUDGET.freshMs);
}

/** Measures every page. */
export async function measurePages(bench: PagesBench): Promise<Section> {
  const { stack } = bench;
  const [{ email } = { email: "" }] = stack.identities;
  await signEntries(bench);
  const pages = listPages(email);
  await stack.useRecordings("[]");
  for (const [, path] of pages) await stack.client.request(toRequest(path));
  const recordings = await stack.readRecordings();
  const warm: Figure[] = [];
  for (const [name, path] of pages) warm.push(await measureWarm(bench, name, path));
  const rows: Row[] = [];
  for (const [i, [name, path]] of pages.entries()) {
    const fresh = await measureFresh(bench, name, { path, recordings });
    rows.push({ name, figures: [...warm.slice(i, i + 1), fresh] });
  }
  return {
    title: "CPU of one page",
    notes: [
      "The Worker with everything that it calls in its own isolate: HTTP (which Cloudflare does not count), front end, pages, the log's",
      "reads and proofs. D1, R2, the sequencer and the TUF repository repeat recorded answers, which are copied as in RPC.",
    ],
    rows,
  };
}
