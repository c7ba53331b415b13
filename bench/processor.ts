// SPDX-License-Identifier: Apache-2.0
// What requests cost of the processor: warm, and as the first of a fresh isolate.

import { setTimeout as sleep } from "node:timers/promises";
import type { KeyKind } from "../shared/crypto/public-key.ts";
import { type Figure, figure, type Section } from "./figures.ts";
import { runLoad, type Shot } from "./load.ts";
import { type Bench, BUDGET, isDear, KEY_KINDS } from "./plan.ts";
import { backgroundMs, kernelMs } from "./processor-time.ts";
import { many, type Requests, signMany } from "./shots.ts";
import type { LogName } from "./stack.ts";
import { median } from "./statistics.ts";

/** What a row is about. */
interface Subject {
  readonly name: string;
  readonly kind: KeyKind;
  /** The log that it writes to, null for none. */
  readonly log: LogName | null;
  /** A request, null for an append by RPC: the Durable Objects' part. */
  readonly make: ((requests: Requests) => Shot) | null;
}

const P256 = "ecdsa-p256";

const SUBJECTS: readonly Subject[] = [
  { name: "certificate", kind: P256, log: "certificate", make: ({ certificate }) => certificate() },
  { name: "  of it: append to the certificate log", kind: P256, log: "certificate", make: null },
  { name: "timestamp", kind: P256, log: null, make: ({ timestamp }) => timestamp() },
  { name: "entry, P-256 certificate", kind: P256, log: "signature", make: ({ entry }) => entry() },
  { name: "  of it: append to the signature log", kind: P256, log: "signature", make: null },
  ...Array.from(
    KEY_KINDS,
    ([kind, name]): Subject => ({
      name: `entry, ${name} key`,
      kind,
      log: "signature",
      make: ({ bareEntry }) => bareEntry(kind),
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
function repeat({ stack, requests }: Bench, { make, log }: Subject, count: number): Work {
  if (make === null) return () => stack.append(log ?? "signature", count, 1);
  const shots = many(count, () => make(requests));
  return () => runLoad(stack.client, shots);
}

async function warmFigure(bench: Bench, subject: Subject): Promise<Figure> {
  const { plan, progress } = bench;
  progress(`CPU, warm: ${subject.name.trim()}`);
  await repeat(bench, subject, plan.warmUp)();
  const value = await each(bench, plan.batch, () => repeat(bench, subject, plan.batch));
  return figure(
    "warm",
    value,
    "ms",
    subject.make === null ? null : isDear(subject.kind) ? BUDGET.warmDearKeyMs : BUDGET.warmMs,
  );
}

/** Of the first of a subject in a fresh isolate: the median of some isolates. */
async function freshFigure(bench: Bench, subject: Subject): Promise<Figure> {
  const { stack, plan, progress } = bench;
  progress(`CPU, fresh isolate: ${subject.name.trim()}`);
  if (subject.log !== null) await stack.fillHalfTile(subject.log);
  const sample: number[] = [];
  for (let i = 0; i < plan.freshRuns; i++) {
    const work = repeat(bench, subject, 1);
    await stack.restart();
    await stack.useStandIns(true);
    // What workerd itself does for the first time is not the Worker's, and the log is opened by what is measured as an append.
    for (let j = 0; j < 5; j++) await stack.ask("nothing");
    if (subject.make !== null && subject.log !== null) await stack.append(subject.log, 1, 1);
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
  "By the kernel's account of workerd's main thread: HTTP, the Worker, the sequencer, its anchor, RPC between them, and SQLite",
  "with its writes to disk. On Cloudflare HTTP is not counted, and Worker, sequencer and anchor are invocations of their own.",
  "Not in it: Miniflare's simulators of R2, D1 and rate limits (stand-ins in memory take their place) and the clients.",
  "fresh, of a request: the first one in a new process, after one append by RPC; of an append: opening a log with half a tile",
  "of entries, and the first append.",
];

/** The section's warm half. Leaves the stand-ins in use. */
export async function measureWarm(bench: Bench): Promise<Section> {
  const { stack } = bench;
  await stack.quiet();
  await stack.useStandIns(true);
  const rows: Section["rows"][number][] = [];
  for (const subject of SUBJECTS) rows.push({ name: subject.name, figures: [await warmFigure(bench, subject)] });
  rows.push({ name: "of each: HTTP and dispatch", figures: [await emptyFigure(bench)] });
  return { title: "CPU of one request", notes: REQUEST_NOTES, rows };
}

/** The whole section; on a stack of its own, as every isolate opens the log again and its length would be in the figure. */
export async function addFresh(bench: Bench, warm: Section): Promise<Section> {
  const fresh = new Map<string, Figure>();
  for (const subject of SUBJECTS) {
    if (bench.plan.freshKinds.includes(subject.kind)) fresh.set(subject.name, await freshFigure(bench, subject));
  }
  const rows = warm.rows.map(({ name, figures }) => {
    const more = fresh.get(name);
    return { name, figures: more === undefined ? figures : [...figures, more] };
  });
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
  await stack.useStandIns(false);
  return {
    title: "CPU of one signature: certificate, timestamp and entry",
    notes: [],
    rows: [
      { name: "warm", figures: [figure("", own, "ms", BUDGET.signatureMs)] },
      { name: "  of it: in the kernel (disk, sockets)", figures: [figure("", inKernel, "ms")] },
      { name: "  besides: V8's other threads", figures: [figure("", inBackground, "ms")] },
      { name: "with Miniflare's simulators", figures: [figure("", withSimulators, "ms")] },
    ],
  };
}
