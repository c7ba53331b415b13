// SPDX-License-Identifier: Apache-2.0
// How long answers take: for one client on an idle stack, and for many at once.

import { figure, type Section } from "./figures.ts";
import { Clients, runLoad, type Shot } from "./load.ts";
import { pinned } from "./pin.ts";
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
    await stack.useStandIns(true);
    const own = await runLoad(stack.client, many(plan.sequential, make));
    await stack.useStandIns(false);
    return { name, figures: [...figures, figure("without simulators: p50", percentile(own.latenciesMs, 0.5), "ms")] };
  };
  return {
    title: "Latency, one client on an idle stack",
    notes: [
      "With everything that follows an answer: R2 and D1 are fed in the same thread meanwhile. The budgets are compared with what is",
      "there, Miniflare's simulators of R2, D1 and rate limits included; the last column has stand-ins in memory in their place.",
    ],
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
    const clientsBefore = process.cpuUsage();
    const { latenciesMs, seconds } = await runLoad(clients, shots);
    const { user, system } = process.cpuUsage(clientsBefore);
    await stack.quiet();
    const cpu = (processorMs(stack.pid) - before) / shots.length;
    const figures = [
      figure("", shots.length / seconds, "/s", isBudgeted ? BUDGET.entriesPerSecond : null),
      figure("p50", percentile(latenciesMs, 0.5), "ms"),
      figure("p99", percentile(latenciesMs, 0.99), "ms", isBudgeted ? BUDGET.loadP99Ms : null),
      figure("CPU of one", cpu, "ms"),
      figure("and of its client", (user + system) / 1000 / shots.length, "ms"),
    ];
    return { name, figures };
  };
  const measureAll = async (isPinned: boolean): Promise<Section> => {
    return {
      title: `Throughput, ${CLIENTS} clients`,
      notes: [
        "CPU of one: of workerd's main thread, with Miniflare's simulators; a second divided by it is the bound of the rate.",
        isPinned
          ? "That thread has one processor, the clients (one process with Miniflare's) have the others."
          : "The clients take their part of the same processors.",
      ],
      rows: [
        await measure("certificates", requests.certificate, false),
        await measure("timestamps", requests.timestamp, false),
        await measure("entries, P-256 certificate", requests.entry, true),
        await measure("entries, P-256 key", () => requests.bareEntry("ecdsa-p256"), true),
      ],
    };
  };
  try {
    return await pinned(stack.pid, measureAll);
  } finally {
    clients.close();
  }
}
