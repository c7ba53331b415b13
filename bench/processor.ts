// SPDX-License-Identifier: Apache-2.0
// What requests cost of the processor: warm, and as the first of a fresh isolate.

import { setTimeout as sleep } from "node:timers/promises";
import type { KeyKind } from "../shared/crypto/public-key.ts";
import type { SigningKey } from "../test/support/signing-keys.ts";
import { type Figure, figure, type Row, type Section } from "./figures.ts";
import { runLoad, type Shot } from "./load.ts";
import { type Bench, BUDGET, isDear, KEY_KINDS } from "./plan.ts";
import { backgroundMs, kernelMs } from "./processor-time.ts";
import { entryShot, many, type Requests, signMany } from "./shots.ts";
import type { LogName } from "./stack.ts";
import { median } from "./statistics.ts";

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

/** Of the first of its kind in a fresh isolate, after what `before` does there: the median of some isolates. */
async function first({ stack, plan }: Bench, before: Work, prepare: () => Work): Promise<number> {
  const sample: number[] = [];
  for (let i = 0; i < plan.freshRuns; i++) {
    const work = prepare();
    await stack.restart();
    await stack.useStandIns(true);
    // What workerd itself does for the first time is not the Worker's.
    for (let j = 0; j < 5; j++) await stack.ask("nothing");
    await before();
    await sleep(50);
    sample.push(await stack.processorMsOf(work));
  }
  return median(sample);
}

interface Measured {
  readonly name: string;
  readonly make: () => Shot;
  /** The log that it writes to, null for none. */
  readonly log: LogName | null;
  readonly kind: KeyKind;
}

async function warmFigure(bench: Bench, { name, make, kind }: Measured): Promise<Figure> {
  const { stack, plan, progress } = bench;
  progress(`CPU, warm: ${name}`);
  await runLoad(stack.client, many(plan.warmUp, make));
  const value = await each(bench, plan.batch, () => {
    const shots = many(plan.batch, make);
    return () => runLoad(stack.client, shots);
  });
  return figure("warm", value, "ms", isDear(kind) ? BUDGET.warmDearKeyMs : BUDGET.warmMs);
}

async function freshFigure(bench: Bench, { name, make, log, kind }: Measured): Promise<Figure> {
  const { stack, progress } = bench;
  progress(`CPU, fresh isolate: ${name}`);
  const open: Work = async () => {
    if (log !== null) await stack.append(log, 1, 1);
  };
  const value = await first(bench, open, () => {
    const shot = make();
    return () => stack.client.post(shot);
  });
  return figure("fresh", value, "ms", isDear(kind) ? null : BUDGET.freshMs);
}

/** The Durable Objects' part, by RPC. */
async function appendRow(bench: Bench, log: LogName): Promise<Row> {
  const { stack, plan, progress } = bench;
  progress(`CPU, warm and fresh: append to the ${log} log`);
  await stack.append(log, plan.warmUp, 1);
  const warm = await each(bench, plan.batch, () => () => stack.append(log, plan.batch, 1));
  await stack.fillHalfTile(log);
  const fresh = await first(
    bench,
    () => Promise.resolve(),
    () => () => stack.append(log, 1, 1),
  );
  return {
    name: `  of it: append to the ${log} log`,
    figures: [figure("warm", warm, "ms"), figure("fresh", fresh, "ms", BUDGET.freshMs)],
  };
}

async function emptyRow(bench: Bench): Promise<Row> {
  const { stack, plan, progress } = bench;
  progress("CPU, warm: empty request");
  const ask = async (): Promise<void> => {
    for (let i = 0; i < plan.batch; i++) await stack.ask("nothing");
  };
  await ask();
  return {
    name: "  of it: HTTP and dispatch",
    figures: [figure("warm", await each(bench, plan.batch, () => ask), "ms")],
  };
}

const REQUEST_NOTES = [
  "By the kernel's account of workerd's main thread: HTTP, the Worker, the sequencer, its anchor, RPC between them, and SQLite",
  "with its writes to disk. On Cloudflare HTTP is not counted, and Worker, sequencer and anchor are invocations of their own.",
  "Not in it: Miniflare's simulators of R2, D1 and rate limits (stand-ins in memory take their place) and the clients.",
  "fresh, of a request: the first one in a new process, after one append by RPC; of an append: opening a log with half a tile",
  "of entries, and the first append.",
];

/** Leaves the stand-ins in use. */
export async function measureRequests(
  bench: Bench,
  requests: Requests,
  keys: ReadonlyMap<KeyKind, SigningKey>,
): Promise<Section> {
  const { stack, plan } = bench;
  await stack.quiet();
  await stack.useStandIns(true);
  const rows: Row[] = [];
  const measure = async (
    name: string,
    make: () => Shot,
    log: LogName | null,
    kind: KeyKind = "ecdsa-p256",
  ): Promise<void> => {
    const measured = { name, make, log, kind };
    const figures = [await warmFigure(bench, measured)];
    if (plan.freshKinds.includes(kind)) figures.push(await freshFigure(bench, measured));
    rows.push({ name, figures });
  };
  await measure("certificate", requests.certificate, "certificate");
  rows.push(await appendRow(bench, "certificate"));
  await measure("timestamp", requests.timestamp, null);
  await measure("entry, P-256 certificate", requests.entry, "signature");
  rows.push(await appendRow(bench, "signature"), await emptyRow(bench));
  for (const [kind, name] of KEY_KINDS) {
    const key = keys.get(kind);
    if (key !== undefined) await measure(`entry, ${name} key`, () => entryShot(key, null), "signature", kind);
  }
  return { title: "CPU of one request", notes: REQUEST_NOTES, rows };
}

/** Leaves Miniflare's R2 and D1 in use. */
export async function measureSignature(bench: Bench, key: SigningKey): Promise<Section> {
  const { stack, plan, progress } = bench;
  progress("CPU of a signature");
  const sign: Work = async () => await signMany(stack, key, plan.batch);
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
