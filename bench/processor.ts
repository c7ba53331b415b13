// SPDX-License-Identifier: Apache-2.0
// Measures the CPU time of requests: of each invocation alone and of all together, warm and in a fresh isolate.

import { setTimeout as sleep } from "node:timers/promises";
import type { KeyKind } from "../shared/crypto/public-key.ts";
import type { Bench } from "./bench.ts";
import { type Figure, figure, type Row, type Section } from "./figures.ts";
import { type PostRequest, runLoad } from "./load.ts";
import { BUDGET, isExpensive, KEY_KINDS } from "./plan.ts";
import { backgroundMs, kernelMs } from "./processor-time.ts";
import { makeMany, type RequestFactory } from "./requests.ts";
import { signMany } from "./sign.ts";
import type { LogName } from "./stack.ts";
import { median } from "./statistics.ts";

/**
 * The part that runs: the Worker with a free sequencer, the Durable Objects without a Worker, an anchor, or everything.
 */
type Part = "worker" | "append" | "anchor" | "everything";

/** The subject of a row. */
interface Subject {
  readonly name: string;
  readonly part: Part;
  readonly kind: KeyKind;
  readonly log: LogName;
  /** Creates the HTTP request; unused where the Worker has no part. */
  readonly make: (requests: RequestFactory) => PostRequest;
  /** Whether to measure it in a fresh isolate too. */
  readonly isFresh: boolean;
}

const P256 = "ecdsa-p256";

const certificate = {
  kind: P256,
  log: "certificate",
  make: (r: RequestFactory) => r.certificate(),
  isFresh: true,
} as const;
const entry = { kind: P256, log: "signature", make: (r: RequestFactory) => r.entry(), isFresh: true } as const;
const v1Entry = { kind: P256, log: "rekor-v1", make: (r: RequestFactory) => r.v1Entry(), isFresh: true } as const;

const SUBJECTS: readonly Subject[] = [
  { ...certificate, name: "certificate: the Worker", part: "worker" },
  { ...certificate, name: "  its append: sequencer and anchor", part: "append" },
  { ...certificate, name: "  together", part: "everything" },
  { ...entry, name: "timestamp: the Worker", part: "worker", make: ({ timestamp }) => timestamp() },
  { ...entry, name: "entry, P-256 certificate: the Worker", part: "worker" },
  { ...entry, name: "  its append: sequencer and anchor", part: "append" },
  { ...entry, name: "    of it: anchor", part: "anchor", isFresh: false },
  { ...entry, name: "  together", part: "everything" },
  { ...v1Entry, name: "entry of Rekor v1, P-256 certificate: the Worker", part: "worker" },
  { ...v1Entry, name: "  its append: sequencer and anchor", part: "append" },
  { ...v1Entry, name: "  together", part: "everything" },
  ...Array.from(
    KEY_KINDS,
    ([kind, name]): Subject => ({
      name: `entry, ${name} key: the Worker`,
      part: "worker",
      kind,
      log: "signature",
      make: ({ bareEntry }) => bareEntry(kind),
      isFresh: true,
    }),
  ),
];

type Work = () => Promise<unknown>;

/** Returns the CPU time in ms of one of `count` items, as the median of several batches that `prepare` creates. */
async function measureEach({ stack, plan }: Bench, count: number, prepare: () => Work): Promise<number> {
  const sample: number[] = [];
  for (let i = 0; i < plan.batches; i++) {
    const work = prepare();
    sample.push((await stack.readProcessorMs(work)) / count);
  }
  return median(sample);
}

/** Returns work that runs a subject `count` times in sequence. */
function repeat({ stack, requests }: Bench, { part, make, log }: Subject, count: number): Work {
  if (part === "append") return () => stack.append(log, count, 1);
  if (part === "anchor") return () => stack.moveAnchor(count);
  const prepared = makeMany(count, () => make(requests));
  return () => runLoad(stack.client, prepared);
}

const useStandIns = async ({ stack }: Bench, { part }: Subject): Promise<void> =>
  await stack.useStandIns(part === "worker" ? "and of the sequencer" : true);

async function measureWarmAll(bench: Bench, subject: Subject): Promise<readonly Figure[]> {
  const { stack, plan, progress } = bench;
  progress(`CPU, warm: ${subject.name.trim()}`);
  const measure = async (): Promise<number> => {
    await repeat(bench, subject, plan.warmUp)();
    await stack.waitUntilQuiet();
    return await measureEach(bench, plan.batch, () => repeat(bench, subject, plan.batch));
  };
  const withSimulators = subject.part === "everything" ? await measure() : Number.NaN;
  await useStandIns(bench, subject);
  const inKernel = kernelMs(stack.pid);
  const warm = await measure();
  const kernelEach = (kernelMs(stack.pid) - inKernel) / (plan.warmUp + plan.batch * plan.batches);
  await stack.useStandIns(false);
  return [
    figure("warm", warm, "ms", isExpensive(subject.kind) ? BUDGET.warmExpensiveKeyMs : BUDGET.warmMs),
    figure("in the kernel", subject.part === "worker" ? Number.NaN : kernelEach, "ms"),
    figure("with simulators", withSimulators, "ms"),
  ];
}

/** Measures the first run of a subject in a fresh isolate, as the median of several isolates. */
async function measureFresh(bench: Bench, subject: Subject): Promise<Figure> {
  const { stack, plan, progress } = bench;
  progress(`CPU, fresh isolate: ${subject.name.trim()}`);
  await stack.fillHalfTile(subject.log);
  const sample: number[] = [];
  for (let i = 0; i < plan.freshRuns; i++) {
    const work = repeat(bench, subject, 1);
    await stack.restart();
    await useStandIns(bench, subject);
    // Exclude what workerd itself does for the first time.
    for (let j = 0; j < 5; j++) await stack.ask("nothing");
    await sleep(50);
    sample.push(await stack.readProcessorMs(work));
  }
  return figure("fresh", median(sample), "ms", isExpensive(subject.kind) ? null : BUDGET.freshMs);
}

async function measureEmpty(bench: Bench): Promise<Figure> {
  const { stack, plan, progress } = bench;
  progress("CPU, warm: empty request");
  const ask = async (): Promise<void> => {
    for (let i = 0; i < plan.batch; i++) await stack.ask("nothing");
  };
  await ask();
  return figure("warm", await measureEach(bench, plan.batch, () => ask), "ms");
}

const REQUEST_NOTES = [
  "CPU time of workerd's main thread, in which everything runs, as the kernel counts it. Cloudflare counts each invocation alone.",
  "the Worker: HTTP (which Cloudflare does not count), front end and service, with a sequencer that responds immediately.",
  "its append: by RPC from inside, in sequence, one round each: the sequencer's invocation, the anchor's, the caller's half of",
  "  RPC, and both commits (in the kernel: SQLite's writes to this disk, which Cloudflare performs elsewhere).",
  "together: the whole request. with simulators: the same with Miniflare's R2, D1 and rate limits, which are Workers in that",
  "  thread; all other figures have stand-ins in memory instead. The clients are never included.",
  "fresh: the first run in a new process; an append, alone or in a request, then opens a log with half a tile of entries.",
];

/** Measures the warm figures of the section. */
export async function measureWarm(bench: Bench): Promise<Section> {
  await bench.stack.waitUntilQuiet();
  const rows: Row[] = [];
  for (const subject of SUBJECTS) rows.push({ name: subject.name, figures: await measureWarmAll(bench, subject) });
  rows.push({ name: "in each Worker's: HTTP and dispatch", figures: [await measureEmpty(bench)] });
  return { title: "CPU of one request", notes: REQUEST_NOTES, rows };
}

/**
 * Adds the figures of fresh isolates. Give it a new stack, as every isolate opens the log and its length would count.
 */
export async function addFresh(bench: Bench, warm: Section): Promise<Section> {
  const rows: Row[] = [];
  for (const [i, row] of warm.rows.entries()) {
    const subject = SUBJECTS[i];
    const isDue = subject !== undefined && subject.isFresh && bench.plan.freshKinds.includes(subject.kind);
    const [first, ...rest] = row.figures;
    const figures = [first, ...(isDue ? [await measureFresh(bench, subject)] : []), ...rest];
    rows.push({ name: row.name, figures: figures.filter((one) => one !== undefined) });
  }
  return { ...warm, rows };
}

/** Measures whole signatures. Miniflare's simulators are in use afterwards. */
export async function measureSignature(bench: Bench): Promise<Section> {
  const { stack, plan, progress } = bench;
  progress("CPU of a signature");
  const sign: Work = async () => await signMany(bench, plan.batch);
  await sign();
  await stack.waitUntilQuiet();
  const withSimulators = await measureEach(bench, plan.batch, () => sign);
  await stack.waitUntilQuiet();
  await stack.useStandIns(true);
  const { pid } = stack;
  const signatures = plan.batch * plan.batches;
  const before = { kernel: kernelMs(pid), background: backgroundMs(pid) };
  const own = await measureEach(bench, plan.batch, () => sign);
  const inKernel = (kernelMs(pid) - before.kernel) / signatures;
  const inBackground = (backgroundMs(pid) - before.background) / signatures;
  await stack.useStandIns("and of the sequencer");
  const workers = await measureEach(bench, plan.batch, () => sign);
  await stack.useStandIns(false);
  return {
    title: "CPU of one signature: certificate, timestamp and entry",
    notes: [
      "The three Workers: with a sequencer that responds immediately. All: with both sequencers and anchors, HTTP and disk.",
    ],
    rows: [
      { name: "its three Workers", figures: [figure("warm", workers, "ms", BUDGET.signatureWorkersMs)] },
      { name: "all", figures: [figure("warm", own, "ms", BUDGET.signatureMs)] },
      { name: "  of it: in the kernel (disk, sockets)", figures: [figure("", inKernel, "ms")] },
      { name: "  besides: V8's other threads", figures: [figure("", inBackground, "ms")] },
      { name: "  with Miniflare's simulators", figures: [figure("", withSimulators, "ms")] },
    ],
  };
}
