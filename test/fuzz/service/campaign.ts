// SPDX-License-Identifier: Apache-2.0
// Sends changed requests of every declared route to the whole service in workerd, and checks each: no failure of the
// service, no exception in its log, no endless answer, and no more CPU than the budget allows.
//
// CPU is counted for the process and for batches: if all requests of a batch together stay within the budget of one,
// each of them does. A batch that does not is made again, in halves, until one request is left that is too expensive by
// itself, or none is. For one that stays so, the share of our own code counts (own-share.ts).

import { setTimeout } from "node:timers/promises";
import { Random } from "../../faults/random.ts";
import { measureSlowness } from "../../support/process/machine.ts";
import { faultOf } from "./answer-rules.ts";
import { type Answer, Client } from "./client.ts";
import { cpuMs, peakMegabytes } from "./cpu-meter.ts";
import { Drafts, type FuzzedStack } from "./fuzzed-stack.ts";
import { type Draft, expensiveBodies } from "./mutations.ts";
import { OwnShare } from "./own-share.ts";
import type { FuzzedRoute } from "./routes.ts";

/** The cost of the requests to one route. */
export interface RouteOutcome {
  requests: number;
  /** Status → count. */
  readonly statuses: Map<number, number>;
  maxBodyBytes: number;
  maxAnswerBytes: number;
  /** How many were sent alone, their CPU, and that of the most expensive one. */
  alone: number;
  cpuMs: number;
  maxCpuMs: number;
}

const startOutcome = (): RouteOutcome => ({
  requests: 0,
  statuses: new Map(),
  maxBodyBytes: 0,
  maxAnswerBytes: 0,
  alone: 0,
  cpuMs: 0,
  maxCpuMs: 0,
});

/** Adds up what several campaigns found. */
export function mergeOutcomes(parts: readonly ReadonlyMap<string, RouteOutcome>[]): ReadonlyMap<string, RouteOutcome> {
  const merged = new Map<string, RouteOutcome>();
  for (const [route, one] of parts.flatMap((part) => [...part])) {
    const sum = merged.get(route) ?? startOutcome();
    sum.requests += one.requests;
    for (const [status, count] of one.statuses) sum.statuses.set(status, (sum.statuses.get(status) ?? 0) + count);
    sum.maxBodyBytes = Math.max(sum.maxBodyBytes, one.maxBodyBytes);
    sum.maxAnswerBytes = Math.max(sum.maxAnswerBytes, one.maxAnswerBytes);
    sum.alone += one.alone;
    sum.cpuMs += one.cpuMs;
    sum.maxCpuMs = Math.max(sum.maxCpuMs, one.maxCpuMs);
    merged.set(route, sum);
  }
  return merged;
}

/** A request that can be made again. */
interface Numbered {
  readonly name: string;
  readonly draft: Draft;
  readonly make: () => Promise<Draft>;
}

/** The most expensive request that a stranger can send, on a machine where a P-256 verification takes 0.1 ms. */
const BUDGET_MS = 10;
/** CPU that the kernel and workerd need to carry a body, whatever the service does with it. */
const TRANSFER_MS_PER_MEBIBYTE = 3;
/** A measurement contains what else the process does meanwhile: rounds, publication, garbage. The fastest counts. */
const REPEATS = 20;
/** Repeats that count the whole process: starting the profiler walks the heap, which costs more than most requests. */
const REPEATS_OF_PROCESS = 4;
const PAUSE_MS = 50;
/** A longer body makes a request that is sent alone, since carrying it is a large part of its cost. */
const LIGHT_BYTES = 64 * 1024;
/** Some light requests are sent alone as well, so that the table has what they cost. */
const ALONE_EVERY = 100;
const MAX_BATCH = 64;
const MAX_TOO_EXPENSIVE = 20;
/** A service that defers its callers does not do the work that the run is to measure. */
const MAX_DEFERRED_SHARE = 0.001;
/** The heap of an isolate, workerd's own memory, and bodies of 4 MiB that arrive at once. */
const MAX_RESIDENT_MEGABYTES = 1024;

/** The numbers from `first` up to `end`, `step` apart: the share of one of several campaigns. */
export function* numbersFrom(first: number, end: number, step = 1): Generator<number> {
  for (let i = first; i < end; i += step) yield i;
}

/** Requests that wait to be sent together. */
class Queue {
  readonly waiting: Numbered[] = [];
  size = 4;
}

/** Fuzzes one stack. Throws with the numbers of the requests that broke a rule; number and seed reproduce it. */
export class Campaign {
  readonly outcomes = new Map<string, RouteOutcome>();
  /** How many requests were repeated to measure them. */
  repeated = 0;
  readonly #fuzzed: FuzzedStack;
  readonly #pid: number;
  readonly #drafts: Drafts;
  readonly #client: Client;
  #ownShare: OwnShare | null = null;
  #scale: number;
  /** Reads cost a fraction of writes, so more of them fit into a batch. */
  readonly #queues = { reads: new Queue(), writes: new Queue() };
  #seenLogs = 0;
  /** A run goes on behind a request that is too expensive: with what follows, it shows the kind. */
  readonly #tooExpensive: string[] = [];

  constructor(fuzzed: FuzzedStack) {
    this.#fuzzed = fuzzed;
    this.#pid = fuzzed.stack.workerdPid();
    this.#drafts = new Drafts(fuzzed);
    this.#client = new Client(fuzzed.stack.url);
    this.#scale = measureSlowness();
  }

  /** The most memory that workerd has had. */
  get peakMegabytes(): number {
    return peakMegabytes(this.#pid);
  }

  /** The budget of a request without a body, on this machine. */
  get budgetMs(): number {
    return BUDGET_MS * this.#scale;
  }

  /**
   * Sends the requests with these numbers.
   * @param report called after each
   */
  async run(seed: number, numbers: Iterable<number>, report: () => void = () => {}): Promise<void> {
    for (const i of numbers) {
      const make = (): Promise<Draft> => this.#drafts.changed(seed, i);
      const one = { name: `request ${i} of seed ${seed}`, draft: await make(), make };
      const isLight = (one.draft.body?.length ?? 0) <= LIGHT_BYTES && i % ALONE_EVERY !== 0;
      if (isLight) await this.#enqueue(one);
      else await this.#checkAlone(one);
      report();
    }
    for (const queue of Object.values(this.#queues)) await this.#checkQueue(queue);
    this.#checkCost();
    if (this.deferredShare > MAX_DEFERRED_SHARE)
      throw new Error(`${this.deferredShare} of the requests got 429 or 503`);
    if (this.peakMegabytes > MAX_RESIDENT_MEGABYTES) throw new Error(`${this.peakMegabytes} MB of memory`);
  }

  /** The fraction of requests that got "not now" instead of an answer. */
  get deferredShare(): number {
    const all = [...this.outcomes.values()];
    const sum = (count: (one: RouteOutcome) => number): number => all.reduce((total, one) => total + count(one), 0);
    const deferred = sum(({ statuses }) => (statuses.get(429) ?? 0) + (statuses.get(503) ?? 0));
    return (
      deferred /
      Math.max(
        1,
        sum(({ requests }) => requests),
      )
    );
  }

  /** Sends the bodies that cost a parser most to a route, as long as it reads them. */
  async runExpensive(row: FuzzedRoute): Promise<void> {
    const random = new Random(1);
    for (const [i, body] of expensiveBodies(row.maxBodyBytes ?? 0).entries()) {
      const make = async (): Promise<Draft> => ({ ...(await this.#drafts.valid(row, random)), body });
      await this.#checkAlone({ name: `expensive body ${i}`, draft: await make(), make });
    }
    this.#checkCost();
  }

  /** Sends DER that costs a parser most, in every place of a route that takes DER. Returns how many requests. */
  async runDer(row: FuzzedRoute): Promise<number> {
    let sent = 0;
    for await (const draft of this.#drafts.withDer(row)) {
      const make = (): Promise<Draft> => Promise.resolve(draft);
      await this.#checkAlone({ name: `hostile DER ${sent++}`, draft, make });
    }
    this.#checkCost();
    return sent;
  }

  /** Sends values that code looks up or decodes, in the place of every text. Returns how many requests. */
  async runValues(row: FuzzedRoute): Promise<number> {
    let sent = 0;
    for await (const draft of this.#drafts.withValues(row)) {
      const make = (): Promise<Draft> => Promise.resolve(draft);
      await this.#enqueue({ name: `hostile value ${sent++}`, draft, make });
    }
    for (const queue of Object.values(this.#queues)) await this.#checkQueue(queue);
    this.#checkCost();
    return sent;
  }

  close(): void {
    this.#ownShare?.close();
    this.#client.close();
  }

  async #enqueue(one: Numbered): Promise<void> {
    const queue = one.draft.body === null ? this.#queues.reads : this.#queues.writes;
    queue.waiting.push(one);
    if (queue.waiting.length >= queue.size) await this.#checkQueue(queue);
  }

  /** Sends a batch at once. Its successors are as large as fits well into the budget of one request. */
  async #checkQueue(queue: Queue): Promise<void> {
    const batch = queue.waiting.splice(0);
    const ms = await this.#measure(batch, true);
    if (ms > 0.7 * this.budgetMs) queue.size = Math.max(1, Math.floor(queue.size * 0.8));
    else if (ms < 0.5 * this.budgetMs) queue.size = Math.min(MAX_BATCH, queue.size + 1);
    if (ms > this.budgetMs) await this.#bisect(batch);
  }

  /** Makes requests again that were too expensive together, until each fits, or one alone does not. */
  async #bisect(batch: readonly Numbered[]): Promise<void> {
    const remade = await this.#remake(batch);
    if ((await this.#measure(remade, false)) <= this.budgetMs) return;
    const [only] = remade;
    if (only !== undefined && remade.length === 1) {
      await this.#checkRepeatedly(only, Number.POSITIVE_INFINITY);
      return;
    }
    const half = Math.ceil(remade.length / 2);
    await this.#bisect(remade.slice(0, half));
    await this.#bisect(remade.slice(half));
  }

  async #remake(batch: readonly Numbered[]): Promise<readonly Numbered[]> {
    const remade: Numbered[] = [];
    for (const one of batch) remade.push({ ...one, draft: await one.make() });
    return remade;
  }

  async #checkAlone(one: Numbered): Promise<void> {
    const ms = await this.#measure([one], true);
    const best = ms > this.#budgetOf(one) ? await this.#checkRepeatedly(one, ms) : ms;
    const outcome = this.#outcomeOf(one.draft);
    outcome.alone++;
    outcome.cpuMs += best;
    outcome.maxCpuMs = Math.max(outcome.maxCpuMs, best);
  }

  /** Measures the process, then the share of our code, until one measurement fits. Returns the best. */
  async #checkRepeatedly(one: Numbered, first: number): Promise<number> {
    let best = first;
    for (let i = 0; best > this.#budgetOf(one) && i < REPEATS; i++) {
      // Other work on the machine takes its caches and clock rate from both.
      this.#scale = Math.max(this.#scale, measureSlowness());
      if (i > 0) await setTimeout(PAUSE_MS);
      const remade = await this.#remake([one]);
      const work = (): Promise<number> => this.#measure(remade, false);
      best = Math.min(best, i < REPEATS_OF_PROCESS ? await work() : await this.#measureOwn(work));
    }
    const budget = this.#budgetOf(one);
    if (best > budget)
      this.#tooExpensive.push(`${titleOf(one)}: ${best.toFixed(1)} ms of CPU, and the budget is ${budget.toFixed(1)}`);
    if (this.#tooExpensive.length >= MAX_TOO_EXPENSIVE) this.#checkCost();
    return best;
  }

  async #measureOwn(work: () => Promise<unknown>): Promise<number> {
    this.#ownShare ??= await OwnShare.connect(this.#fuzzed.inspectorPort);
    return this.#ownShare.measure(work);
  }

  /** Throws if a request was too expensive. */
  #checkCost(): void {
    if (this.#tooExpensive.length > 0) throw new Error(this.#tooExpensive.join("\n"));
  }

  #budgetOf({ draft: { body } }: Numbered): number {
    return this.budgetMs + TRANSFER_MS_PER_MEBIBYTE * ((body?.length ?? 0) / 2 ** 20);
  }

  /** Sends requests at once, checks the answers, and returns the CPU of all. */
  async #measure(batch: readonly Numbered[], isFirst: boolean): Promise<number> {
    const before = cpuMs(this.#pid);
    const answers = await Promise.all(batch.map((one) => this.#send(one)));
    const ms = cpuMs(this.#pid) - before;
    for (const [i, one] of batch.entries()) {
      const answer = answers[i] ?? null;
      const fault = answer === null ? null : faultOf(one.draft, answer);
      if (fault !== null) throw new Error(`${titleOf(one)}: ${fault}: ${answer?.body.toString().slice(0, 300)}`);
      if (isFirst) this.#count(one.draft, answer);
      else this.repeated++;
    }
    this.#checkLogs(batch);
    return ms;
  }

  async #send(one: Numbered): Promise<Answer | null> {
    try {
      return await this.#client.send(one.draft);
    } catch (error) {
      const isAlive = this.#fuzzed.stack.workerdPid() === this.#pid;
      const reason = error instanceof Error ? error.message : "?";
      throw new Error(`${titleOf(one)}: ${isAlive ? reason : "workerd has ended"}`, { cause: error });
    }
  }

  #outcomeOf({ row }: Draft): RouteOutcome {
    const route = `${row.method ?? ""} ${row.path}`;
    const outcome = this.outcomes.get(route) ?? startOutcome();
    this.outcomes.set(route, outcome);
    return outcome;
  }

  #count(draft: Draft, answer: Answer | null): void {
    const outcome = this.#outcomeOf(draft);
    // Without an answer, the service has refused to read the body.
    const status = answer?.status ?? 413;
    outcome.requests++;
    outcome.statuses.set(status, (outcome.statuses.get(status) ?? 0) + 1);
    outcome.maxBodyBytes = Math.max(outcome.maxBodyBytes, draft.body?.length ?? 0);
    outcome.maxAnswerBytes = Math.max(outcome.maxAnswerBytes, answer?.body.length ?? 0);
  }

  /** An exception leaves a line with the code `internal`. Nothing that a request holds makes one. */
  #checkLogs(batch: readonly Numbered[]): void {
    const { logs } = this.#fuzzed.stack;
    const internal = logs.slice(this.#seenLogs).find(({ message }) => message.includes('"internal"'));
    this.#seenLogs = logs.length;
    const titles = (): string => batch.map(titleOf).join("; ");
    if (internal !== undefined) throw new Error(`${internal.message.slice(0, 500)} at one of ${titles()}`);
  }
}

const titleOf = ({ name, draft }: Numbered): string =>
  `${name} (${draft.method} ${draft.path.slice(0, 200)}, ${draft.body?.length ?? 0} bytes)`;
