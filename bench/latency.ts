// SPDX-License-Identifier: Apache-2.0
// Measures latency: of one client on an idle stack, and of many clients at once.

import type { Bench } from "./bench.ts";
import { type Budget, figure, type Section } from "./figures.ts";
import { Clients, type PostRequest, runLoad } from "./load.ts";
import { runPinned } from "./pin.ts";
import { BUDGET, CLIENTS } from "./plan.ts";
import { processorMs } from "./processor-time.ts";
import { makeMany } from "./requests.ts";
import { percentile } from "./statistics.ts";

interface LatencyBudgets {
  readonly p50: Budget | null;
  readonly p99: Budget | null;
}

const USUAL = { p50: BUDGET.latencyP50Ms, p99: BUDGET.latencyP99Ms };
const NONE = { p50: null, p99: null };
const OF_V1 = { p50: BUDGET.v1LatencyP50Ms, p99: null };

/** Measures one client, with Miniflare's simulators and without. */
export async function measureLatency({ stack, plan, progress, requests }: Bench): Promise<Section> {
  const measure = async (name: string, make: () => PostRequest, budgets: LatencyBudgets) => {
    progress(`one client: ${name}`);
    await runLoad(stack.client, makeMany(plan.warmUp, make));
    await stack.waitUntilQuiet();
    const { latenciesMs } = await runLoad(stack.client, makeMany(plan.sequential, make));
    const figures = [
      figure("p50", percentile(latenciesMs, 0.5), "ms", budgets.p50),
      figure("p99", percentile(latenciesMs, 0.99), "ms", budgets.p99),
    ];
    await stack.useStandIns(true);
    const own = await runLoad(stack.client, makeMany(plan.sequential, make));
    await stack.useStandIns(false);
    return { name, figures: [...figures, figure("without simulators: p50", percentile(own.latenciesMs, 0.5), "ms")] };
  };
  return {
    title: "Latency, one client on an idle stack",
    notes: [
      "Includes the work that follows a response: writes to R2 and D1 run in the same thread. The budgets apply to the figures that",
      "include Miniflare's simulators of R2, D1 and rate limits; in the last column, stand-ins in memory replace them.",
    ],
    rows: [
      await measure("certificate with embedded SCT", requests.certificate, USUAL),
      await measure("timestamp", requests.timestamp, NONE),
      await measure("entry with proof (certificate)", requests.entry, USUAL),
      await measure("entry of Rekor v1 with proof (certificate)", requests.v1Entry, OF_V1),
    ],
  };
}

/** Measures CLIENTS clients at once. */
export async function measureLoad({ stack, plan, progress, requests }: Bench): Promise<Section> {
  const clients = new Clients(stack.port, CLIENTS);
  const measure = async (name: string, make: () => PostRequest, budget: Budget | null) => {
    progress(`${CLIENTS} clients: ${name}`);
    const batch = makeMany(plan.concurrent, make);
    await runLoad(clients, makeMany(plan.warmUp, make));
    await stack.waitUntilQuiet();
    const before = processorMs(stack.pid);
    const clientsBefore = process.cpuUsage();
    const { latenciesMs, seconds } = await runLoad(clients, batch);
    const { user, system } = process.cpuUsage(clientsBefore);
    await stack.waitUntilQuiet();
    const cpu = (processorMs(stack.pid) - before) / batch.length;
    const figures = [
      figure("", batch.length / seconds, "/s", budget),
      figure("p50", percentile(latenciesMs, 0.5), "ms"),
      figure("p99", percentile(latenciesMs, 0.99), "ms", BUDGET.loadP99Ms),
      figure("CPU of one", cpu, "ms"),
      figure("and of its client", (user + system) / 1000 / batch.length, "ms"),
    ];
    return { name, figures };
  };
  const measureAll = async (isPinned: boolean): Promise<Section> => {
    return {
      title: `Throughput, ${CLIENTS} clients`,
      notes: [
        "CPU of one: workerd's main thread, with Miniflare's simulators. One second divided by it bounds the rate.",
        isPinned
          ? "That thread has one processor; the clients (in one process with Miniflare) have the others."
          : "The clients share the same processors.",
      ],
      rows: [
        await measure("certificates", requests.certificate, BUDGET.certificatesPerSecond),
        await measure("timestamps", requests.timestamp, BUDGET.timestampsPerSecond),
        await measure("entries, P-256 certificate", requests.entry, BUDGET.entriesPerSecond),
        await measure("entries of Rekor v1, P-256 certificate", requests.v1Entry, null),
        await measure("entries, P-256 key", () => requests.bareEntry("ecdsa-p256"), BUDGET.entriesPerSecond),
      ],
    };
  };
  try {
    return await runPinned(stack.pid, measureAll);
  } finally {
    clients.close();
  }
}
