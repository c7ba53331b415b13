// SPDX-License-Identifier: Apache-2.0
// What requests cost of the processor: each invocation by itself and all of them together, warm and in a fresh isolate.

import { setTimeout as sleep } from "node:timers/promises";
import type { KeyKind } from "../shared/crypto/public-key.ts";
import { type Figure, figure, type Row, type Section } from "./figures.ts";
import { runLoad, type Shot } from "./load.ts";
import { type Bench, BUDGET, isDear, KEY_KINDS } from "./plan.ts";
import { backgroundMs, kernelMs } from "./processor-time.ts";
import { many, type Requests, signMany } from "./shots.ts";
import type { LogName } from "./stack.ts";
import { median } from "./statistics.ts";

/** What runs: the Worker with a sequencer that costs nothing, the Durable Objects without a Worker, an anchor, or everything. */
type Part = "worker" | "append" | "anchor" | "everything";

/** What a row is about. */
interface Subject {
  readonly name: string;
  readonly part: Part;
  readonly kind: KeyKind;
  readonly log: LogName;
  /** What is asked for over HTTP; unused where the Worker has no part. */
  readonly make: (requests: Requests) => Shot;
  /** Whether it is measured in a fresh isolate as well. */
  readonly isFresh: boolean;
}

const P256 = "ecdsa-p256";

const certificate = { kind: P256, log: "certificate", make: (r: Requests) => r.certificate(), isFresh: true } as const;
const entry = { kind: P256, log: "signature", make: (r: Requests) => r.entry(), isFresh: true } as const;

const SUBJECTS: readonly Subject[] = [
  { ...certificate, name: "certificate: the Worker", part: "worker" },
  { ...certificate, name: "  its append: sequencer and anchor", part: "append" },
  { ...certificate, name: "  together", part: "everything" },
  { ...entry, name: "timestamp: the Worker", part: "worker", make: ({ timestamp }) => timestamp() },
  { ...entry, name: "entry, P-256 certificate: the Worker", part: "worker" },
  { ...entry, name: "  its append: sequencer and anchor", part: "append" },
  { ...entry, name: "    of it: anchor", part: "anchor", isFresh: false },
  { ...entry, name: "  together", part: "everything" },
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

/** Of one of `count` in a batch: the median of some batches. `prepare` makes one before it is measured. */
async function each({ stack, plan }: Bench, count: number, prepare: () => Work): Promise<number> {
  const sample: number[] = [];
  for (let i = 0; i < plan.batches; i++) {
    const work = prepare();
    sample.push((await stack.processorMsOf(work)) / count);
  }
  return median(sample);
}

/** So many of a subject, one after another. */
function repeat({ stack, requests }: Bench, { part, make, log }: Subject, count: number): Work {
  if (part === "append") return () => stack.append(log, count, 1);
  if (part === "anchor") return () => stack.moveAnchor(count);
  const shots = many(count, () => make(requests));
  return () => runLoad(stack.client, shots);
}

const useStandIns = async ({ stack }: Bench, { part }: Subject): Promise<void> =>
  await stack.useStandIns(part === "worker" ? "and of the sequencer" : true);

async function warmFigures(bench: Bench, subject: Subject): Promise<readonly Figure[]> {
  const { stack, plan, progress } = bench;
  progress(`CPU, warm: ${subject.name.trim()}`);
  const measure = async (): Promise<number> => {
    await repeat(bench, subject, plan.warmUp)();
    await stack.quiet();
    return await each(bench, plan.batch, () => repeat(bench, subject, plan.batch));
  };
  const withSimulators = subject.part === "everything" ? await measure() : Number.NaN;
  await useStandIns(bench, subject);
  const inKernel = kernelMs(stack.pid);
  const warm = await measure();
  const kernelEach = (kernelMs(stack.pid) - inKernel) / (plan.warmUp + plan.batch * plan.batches);
  await stack.useStandIns(false);
  return [
    figure("warm", warm, "ms", isDear(subject.kind) ? BUDGET.warmDearKeyMs : BUDGET.warmMs),
    figure("in the kernel", subject.part === "worker" ? Number.NaN : kernelEach, "ms"),
    figure("with simulators", withSimulators, "ms"),
  ];
}

/** Of the first of a subject in a fresh isolate: the median of some isolates. */
async function freshFigure(bench: Bench, subject: Subject): Promise<Figure> {
  const { stack, plan, progress } = bench;
  progress(`CPU, fresh isolate: ${subject.name.trim()}`);
  await stack.fillHalfTile(subject.log);
  const sample: number[] = [];
  for (let i = 0; i < plan.freshRuns; i++) {
    const work = repeat(bench, subject, 1);
    await stack.restart();
    await useStandIns(bench, subject);
    // What workerd itself does for the first time is not the Worker's.
    for (let j = 0; j < 5; j++) await stack.ask("nothing");
    await sleep(50);
    sample.push(await stack.processorMsOf(work));
  }
  return figure("fresh", median(sample), "ms", isDear(subject.kind) ? null : BUDGET.freshMs);
}

async function emptyFigure(bench: Bench): Promise<Figure> {
  const { stack, plan, progress } = bench;
  progress("CPU, warm: empty request");
  const ask = async (): Promise<void> => {
    for (let i = 0; i < plan.batch; i++) await stack.ask("nothing");
  };
  await ask();
  return figure("warm", await each(bench, plan.batch, () => ask), "ms");
}

const REQUEST_NOTES = [
  "By the kernel's account of workerd's main thread, in which everything runs. Cloudflare accounts for each invocation by itself:",
  "the Worker: HTTP (not counted there), front and service, with a sequencer that answers at once; arguments and answer are copied.",
  "its append: by RPC from inside, one after another, a round each: the sequencer's invocation, the anchor's, the caller's half",
  "  of RPC, and the commits of both (in the kernel: SQLite's writes to this disk, which Cloudflare makes elsewhere).",
  "together: the whole request; with simulators: the same with Miniflare's of R2, D1 and rate limits, which are Workers in that",
  "  thread. Everywhere else stand-ins in memory take their place. The clients are never in it.",
  "fresh: the first thing in a new process; an append, alone or in a request, then opens a log with half a tile of entries.",
];

/** The section's warm half. */
export async function measureWarm(bench: Bench): Promise<Section> {
  await bench.stack.quiet();
  const rows: Row[] = [];
  for (const subject of SUBJECTS) rows.push({ name: subject.name, figures: await warmFigures(bench, subject) });
  rows.push({ name: "in each Worker's: HTTP and dispatch", figures: [await emptyFigure(bench)] });
  return { title: "CPU of one request", notes: REQUEST_NOTES, rows };
}

/** The whole section; on a stack of its own, as every isolate opens the log again and its length would be in the figure. */
export async function addFresh(bench: Bench, warm: Section): Promise<Section> {
  const rows: Row[] = [];
  for (const [i, row] of warm.rows.entries()) {
    const subject = SUBJECTS[i];
    const isDue = subject !== undefined && subject.isFresh && bench.plan.freshKinds.includes(subject.kind);
    const [first, ...rest] = row.figures;
    const figures = [first, ...(isDue ? [await freshFigure(bench, subject)] : []), ...rest];
    rows.push({ name: row.name, figures: figures.filter((one) => one !== undefined) });
  }
  return { ...warm, rows };
}

/** Leaves Miniflare's simulators in use. */
export async function measureSignature(bench: Bench): Promise<Section> {
  const { stack, plan, progress } = bench;
  progress("CPU of a signature");
  const sign: Work = async () => await signMany(bench, plan.batch);
  await sign();
  await stack.quiet();
  const withSimulators = await each(bench, plan.batch, () => sign);
  await stack.quiet();
  await stack.useStandIns(true);
  const { pid } = stack;
  const signatures = plan.batch * plan.batches;
  const before = { kernel: kernelMs(pid), background: backgroundMs(pid) };
  const own = await each(bench, plan.batch, () => sign);
  const inKernel = (kernelMs(pid) - before.kernel) / signatures;
  const inBackground = (backgroundMs(pid) - before.background) / signatures;
  await stack.useStandIns("and of the sequencer");
  const workers = await each(bench, plan.batch, () => sign);
  await stack.useStandIns(false);
  return {
    title: "CPU of one signature: certificate, timestamp and entry",
    notes: [
      "The three Workers: with a sequencer that answers at once. All: with both sequencers and both anchors, HTTP and disk.",
    ],
    rows: [
      { name: "its three Workers", figures: [figure("warm", workers, "ms", BUDGET.signatureMs)] },
      { name: "all", figures: [figure("warm", own, "ms", BUDGET.signatureMs)] },
      { name: "  of it: in the kernel (disk, sockets)", figures: [figure("", inKernel, "ms")] },
      { name: "  besides: V8's other threads", figures: [figure("", inBackground, "ms")] },
      { name: "  with Miniflare's simulators", figures: [figure("", withSimulators, "ms")] },
    ],
  };
}
