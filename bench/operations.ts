// SPDX-License-Identifier: Apache-2.0
// What a signature costs of the platform's paid operations, and how fast the sequencer is by itself.

import { figure, type Section } from "./figures.ts";
import { type Bench, BUDGET, CLIENTS } from "./plan.ts";
import { waitedMs } from "./processor-time.ts";
import { signMany } from "./shots.ts";

/** A full tile of each log, whenever it is completed: what is written once a tile is counted once. */
const SIGNATURES = 256;

/** One signature after another: each of its two entries makes a round of its own. */
export async function measureOperations(bench: Bench): Promise<Section> {
  const { stack, progress } = bench;
  progress(`operations of ${SIGNATURES} signatures`);
  await stack.quiet();
  const before = await stack.counts();
  await signMany(bench, SIGNATURES);
  await stack.quiet();
  const after = await stack.counts();
  const each = (name: keyof typeof before): number => (after[name] - before[name]) / SIGNATURES;
  return {
    title: "Operations per signature, at one entry per round",
    notes: [
      "Counted at the bindings: R2 put and list; rows by SQLite's count, and one for each alarm, of the sequencers and anchors",
      `of both logs; rows by D1's answers. Over ${SIGNATURES} signatures: one full tile of each log.`,
    ],
    rows: [
      { name: "R2 class A operations", figures: [figure("", each("r2ClassA"), "", BUDGET.r2ClassA)] },
      { name: "R2 class B operations", figures: [figure("", each("r2ClassB"), "")] },
      {
        name: "Durable Object rows",
        figures: [
          figure("written", each("durableObjectRowsWritten"), "", BUDGET.durableObjectRows),
          figure("read", each("durableObjectRowsRead"), ""),
        ],
      },
      { name: "D1 rows", figures: [figure("written", each("d1RowsWritten"), "", BUDGET.d1Rows)] },
    ],
  };
}

/** The sequencer's ceiling, without HTTP and without checks. */
export async function measureSequencer({ stack, plan, progress }: Bench): Promise<Section> {
  progress("the sequencer alone");
  const measure = async (name: string): Promise<Section["rows"][number]> => {
    await stack.append("signature", CLIENTS * 4, CLIENTS);
    await stack.quiet();
    let seconds = 0;
    const waitedBefore = waitedMs(stack.pid);
    const processorMs = await stack.processorMsOf(async () => {
      const started = performance.now();
      await stack.append("signature", plan.appends, CLIENTS);
      seconds = (performance.now() - started) / 1000;
    });
    const waited = waitedMs(stack.pid) - waitedBefore;
    await stack.quiet();
    const figures = [
      figure("", plan.appends / seconds, "/s"),
      figure("CPU of one", processorMs / plan.appends, "ms"),
      figure("on a processor", processorMs / seconds / 10, "%"),
      figure("waiting for one", waited / seconds / 10, "%"),
    ];
    return { name, figures };
  };
  const simulated = await measure("with Miniflare's simulators");
  await stack.useStandIns(true);
  const own = await measure("without");
  await stack.useStandIns(false);
  return {
    title: `The sequencer's ceiling: ${CLIENTS} callers by RPC inside workerd, no HTTP, nothing checked`,
    notes: [
      "On a processor: the callers, the sequencer and its anchor, which share a thread here. Waiting for one: whatever else this",
      "machine does. The rest of the time it is the disk's: a round waits for its own commit and for its anchor's.",
    ],
    rows: [simulated, own],
  };
}
