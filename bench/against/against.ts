// SPDX-License-Identifier: Apache-2.0
// `npm run bench -- --against`: the service and the reference servers on this machine, in turns, with the same clients
// and requests.

import { readFileSync } from "node:fs";
import type { Bench } from "../bench.ts";
import { figure, type Section } from "../figures.ts";
import { Clients, type PostRequest } from "../load.ts";
import { totalMs } from "../processor-time.ts";
import { median, percentile } from "../statistics.ts";
import { type Contender, startContenders, type Work } from "./contenders.ts";

const CLIENT_COUNTS = [1, 16, 64, 256] as const;
const TURN_MS = 4000;
const WARM_UP_MS = 3000;
/** More than any server answers in a turn. */
const POOL = 16_000;

const TITLES: Readonly<Record<Work, string>> = {
  nothing: "The runtime alone: a Worker that answers at once",
  certificates: "Certificates",
  entries: "Entries with their proofs, P-256 certificate",
  timestamps: "Timestamps",
};

/** The turns of one server with one number of clients. */
interface Sample {
  readonly contender: Contender;
  readonly clients: number;
  readonly latenciesMs: number[];
  readonly perSecond: number[];
  readonly cpuMs: number[];
}

/** Measures every kind of work. The servers take turns, so that what disturbs one disturbs all. */
export async function measureAgainst(bench: Bench): Promise<readonly Section[]> {
  bench.progress("starting the reference servers");
  const { contenders, stop } = await startContenders(bench.stack, bench.requests);
  try {
    const sections: Section[] = [];
    for (const work of ["nothing", "certificates", "entries", "timestamps"] as const) {
      const samples = await takeTurns(
        contenders.filter((one) => one.work === work),
        bench,
      );
      sections.push({ title: TITLES[work], notes: [], rows: samples.map(toRow) });
    }
    return sections;
  } finally {
    await stop();
  }
}

async function takeTurns(contenders: readonly Contender[], { plan, progress }: Bench): Promise<readonly Sample[]> {
  for (const contender of contenders) await takeTurn(makeSample(contender, 16), WARM_UP_MS);
  const samples: Sample[] = [];
  for (const clients of CLIENT_COUNTS) {
    progress(`against: ${contenders[0]?.work}, clients ${clients}`);
    const row = contenders.map((contender) => makeSample(contender, clients));
    for (let turn = 0; turn < plan.turns; turn++) for (const sample of row) await takeTurn(sample, TURN_MS);
    samples.push(...row);
  }
  return samples;
}

const makeSample = (contender: Contender, clients: number): Sample => ({
  contender,
  clients,
  latenciesMs: [],
  perSecond: [],
  cpuMs: [],
});

/** Lets every client send one request after the other for a while, and waits for the last answers. */
async function takeTurn(
  { contender, clients: count, latenciesMs, perSecond, cpuMs }: Sample,
  ms: number,
): Promise<void> {
  const clients = new Clients(contender.port, count);
  const pool = makePool(contender, count, ms);
  const cpuBefore = readCpuMs(contender);
  const started = performance.now();
  let answered = 0;
  const runClient = async (): Promise<void> => {
    for (let next = pool.pop(); next !== undefined; next = pool.pop()) {
      const sent = performance.now();
      if (sent - started >= ms) return;
      await clients.post(next);
      latenciesMs.push(performance.now() - sent);
      answered++;
    }
  };
  await Promise.all(Array.from({ length: count }, runClient));
  perSecond.push((answered * 1000) / (performance.now() - started));
  cpuMs.push((readCpuMs(contender) - cpuBefore) / answered);
  clients.close();
}

/** Requests that are ready before the clock starts: a signature costs as much as its verification. */
function makePool({ make }: Contender, count: number, ms: number): PostRequest[] {
  const perClient = Math.ceil(ms / 2);
  return Array.from({ length: Math.min(POOL, count * perClient) }, make);
}

const readCpuMs = ({ pids }: Contender): number => pids.reduce((sum, pid) => sum + totalMs(pid), 0);

/** The resident memory of all its processes, now (proc(5), VmRSS). */
const readMemoryKib = ({ pids }: Contender): number =>
  pids.reduce((sum, pid) => {
    const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return sum + Number(kib);
  }, 0);

function toRow({ contender, clients, latenciesMs, perSecond, cpuMs }: Sample): Section["rows"][number] {
  return {
    name: `${contender.name}, clients ${clients}`,
    figures: [
      figure("p50", percentile(latenciesMs, 0.5), "ms"),
      figure("p99", percentile(latenciesMs, 0.99), "ms"),
      figure("", median(perSecond), "/s"),
      figure("CPU", median(cpuMs), "ms"),
      figure("memory", readMemoryKib(contender), "KiB"),
    ],
  };
}
