// SPDX-License-Identifier: Apache-2.0
// How long answers take: for one client on an idle stack, and for many at once.

import { figure, type Section } from "./figures.ts";
import { Clients, runLoad, type Shot } from "./load.ts";
import { type Bench, BUDGET, CLIENTS } from "./plan.ts";
import { processorMs } from "./processor-time.ts";
import { many } from "./shots.ts";
import { percentile } from "./statistics.ts";

export async function measureLatency({ stack, plan, progress, requests }: Bench): Promise<Section> {
  const measure = async (name: string, make: () => Shot, isBudgeted: boolean) => {
    progress(`one client: ${name}`);
    await runLoad(stack.client, many(plan.warmUp, make));
    await stack.quiet();
    const { latenciesMs } = await runLoad(stack.client, many(plan.sequential, make));
    const figures = [
      figure("p50", percentile(latenciesMs, 0.5), "ms", isBudgeted ? BUDGET.latencyP50Ms : null),
      figure("p99", percentile(latenciesMs, 0.99), "ms", isBudgeted ? BUDGET.latencyP99Ms : null),
    ];
    return { name, figures };
  };
  return {
    title: "Latency, one client on an idle stack",
    notes: ["With everything that follows an answer: R2 and D1 are fed in the same thread meanwhile."],
    rows: [
      await measure("certificate with embedded SCT", requests.certificate, true),
      await measure("timestamp", requests.timestamp, false),
      await measure("entry with proof (certificate)", requests.entry, true),
    ],
  };
}

export async function measureLoad({ stack, plan, progress, requests }: Bench): Promise<Section> {
  const clients = new Clients(stack.port, CLIENTS);
  const measure = async (name: string, make: () => Shot, isBudgeted: boolean) => {
    progress(`${CLIENTS} clients: ${name}`);
    const shots = many(plan.concurrent, make);
    await runLoad(clients, many(plan.warmUp, make));
    await stack.quiet();
    const before = processorMs(stack.pid);
    const { latenciesMs, seconds } = await runLoad(clients, shots);
    await stack.quiet();
    const cpu = (processorMs(stack.pid) - before) / shots.length;
    const figures = [
      figure("", shots.length / seconds, "/s", isBudgeted ? BUDGET.entriesPerSecond : null),
      figure("p50", percentile(latenciesMs, 0.5), "ms"),
      figure("p99", percentile(latenciesMs, 0.99), "ms", isBudgeted ? BUDGET.loadP99Ms : null),
      figure("CPU of one", cpu, "ms"),
    ];
    return { name, figures };
  };
  try {
    return {
      title: `Throughput, ${CLIENTS} clients`,
      notes: [
        "The clients take their part of this machine's processors. The CPU is workerd's, with Miniflare's simulators: what it",
        "leaves of a second is the bound of the rate.",
      ],
      rows: [
        await measure("certificates", requests.certificate, false),
        await measure("timestamps", requests.timestamp, false),
        await measure("entries, P-256 certificate", requests.entry, true),
        await measure("entries, P-256 key", () => requests.bareEntry("ecdsa-p256"), true),
      ],
    };
  } finally {
    clients.close();
  }
}
