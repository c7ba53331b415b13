// SPDX-License-Identifier: Apache-2.0
// Measures the paid operations of a signature, and the throughput of the sequencer alone.

import type { Bench } from "./bench.ts";
import { figure, type Section } from "./figures.ts";
import { BUDGET, CLIENTS } from "./plan.ts";
import { readWaitMs } from "./processor-time.ts";
import { signMany } from "./sign.ts";

/** One full tile of each log, so that work done once per tile counts once. */
const SIGNATURES = 256;

/** Signs in sequence, so that each of a signature's two entries gets its own round. */
export async function measureOperations(bench: Bench): Promise<Section> {
  const { stack, progress } = bench;
  progress(`operations of ${SIGNATURES} signatures`);
  await stack.waitUntilQuiet();
  const before = await stack.readCounts();
  await signMany(bench, SIGNATURES);
  await stack.waitUntilQuiet();
  const after = await stack.readCounts();
  const countEach = (name: keyof typeof before): number => (after[name] - before[name]) / SIGNATURES;
  return {
    title: "Operations per signature, at one entry per round",
    notes: [
      "Counted at the bindings: R2 put and list, without backups of the tail (at most one in ten minutes for each log); rows by SQLite's count, plus one for each alarm, of the sequencers and anchors",
      `of both logs, and of the monitor; rows by D1's responses. Over ${SIGNATURES} signatures: one full tile of each log.`,
    ],
    rows: [
      { name: "R2 class A operations", figures: [figure("", countEach("r2ClassA"), "", BUDGET.r2ClassA)] },
      { name: "R2 class B operations", figures: [figure("", countEach("r2ClassB"), "")] },
      {
        name: "Durable Object rows",
        figures: [
          figure("written", countEach("durableObjectRowsWritten"), "", BUDGET.durableObjectRows),
          figure("by the monitor", countEach("monitorRowsWritten"), "", BUDGET.monitorRows),
          figure("read", countEach("durableObjectRowsRead"), ""),
        ],
      },
      {
        name: "D1",
        figures: [
          figure("rows written", countEach("d1RowsWritten"), "", BUDGET.d1Rows),
          figure("bytes", countEach("d1Bytes"), "", BUDGET.d1Bytes),
        ],
      },
    ],
  };
}

/** Measures the maximum throughput of the sequencer, without HTTP and verification. */
export async function measureSequencer({ stack, plan, progress }: Bench): Promise<Section> {
  progress("the sequencer alone");
  const measure = async (name: string): Promise<Section["rows"][number]> => {
    await stack.append("signature", CLIENTS * 4, CLIENTS);
    await stack.waitUntilQuiet();
    let seconds = 0;
    const waitedBefore = readWaitMs(stack.pid);
    const processorMs = await stack.readProcessorMs(async () => {
      const started = performance.now();
      await stack.append("signature", plan.appends, CLIENTS);
      seconds = (performance.now() - started) / 1000;
    });
    const waited = readWaitMs(stack.pid) - waitedBefore;
    await stack.waitUntilQuiet();
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
    title: `The sequencer's maximum: ${CLIENTS} callers by RPC inside workerd, no HTTP, no verification`,
    notes: [
      "On a processor: the callers, the sequencer and its anchor, which share a thread here. Waiting for one: other work on this",
      "machine. The rest is the disk's time: a round waits for its own commit and its anchor's.",
    ],
    rows: [simulated, own],
  };
}
