// SPDX-License-Identifier: Apache-2.0
// Sends changed requests of every declared route to the whole service in workerd, one after the other, and checks each:
// no failure of the service, no exception in its log, no endless answer, and no more CPU than the budget allows.

import { generateKeyPairSync } from "node:crypto";
import { Agent, request as send } from "node:http";
import { setTimeout } from "node:timers/promises";
import type { RouteRow } from "../../../shared/http/route.ts";
import { ROUTES as CA } from "../../../workers/ca/declaration.ts";
import { ROUTES as FRONT } from "../../../workers/front/declaration.ts";
import { ROUTES as LOG } from "../../../workers/log/declaration.ts";
import { ROUTES as OIDC } from "../../../workers/oidc/declaration.ts";
import { ROUTES as TRUST } from "../../../workers/trust/declaration.ts";
import { ROUTES as TSA } from "../../../workers/tsa/declaration.ts";
import { ROUTES as WITNESS } from "../../../workers/witness/declaration.ts";
import { Random } from "../../faults/random.ts";
import { FedLog } from "../../support/logs/fed-log.ts";
import { startStack, type TestStack } from "../../support/process/stack.ts";
import { cpuMs, peakMegabytes, verificationMs } from "./cpu-meter.ts";
import { hostileBodies } from "./hostile-der.ts";
import { type Draft, expensiveBodies, mutate } from "./mutations.ts";
import { type Content, contents, type Material, makeMaterial } from "./requests.ts";

/** The routes that a stranger can call, each with its handler. */
export const FUZZED_ROUTES = ([...CA, ...LOG, ...OIDC, ...TRUST, ...TSA, ...WITNESS, ...FRONT] as readonly RouteRow[])
  .filter(({ isInternal }) => isInternal !== true)
  .flatMap((row) => (row.handler === undefined ? [] : [{ ...row, handler: row.handler }]));

/** What the requests to one route cost. */
export interface RouteOutcome {
  requests: number;
  /** Status → count. */
  readonly statuses: Map<number, number>;
  /** CPU of the most expensive request. */
  maxCpuMs: number;
  cpuMs: number;
}

/** A stack to fuzz: with a heap as an isolate has it, open to every key, and a witness. */
export interface FuzzedStack {
  readonly stack: TestStack;
  readonly witnessed: FedLog;
}

/** V8's heap in an isolate of 128 MB, whose other memory counts too. */
const HEAP_MEGABYTES = 100;
/** The most expensive request that a stranger can send, on a machine where a P-256 verification takes 0.1 ms. */
const BUDGET_MS = 10;
const REFERENCE_MS = 0.1;
/** What the kernel and workerd need to carry a body, whatever the service does with it. */
const TRANSFER_MS_PER_MEBIBYTE = 3;
/** A measurement contains what else the process does meanwhile: rounds, publication, garbage. The fastest counts. */
const REPEATS = 20;
const PAUSE_MS = 50;
const MAX_ERROR_BYTES = 4096;
const TOKEN_LIFE_MS = 300_000;

/** Starts a stack under a heap limit. */
export async function startFuzzedStack(): Promise<FuzzedStack> {
  const witnessed = new FedLog("log.example.com/fuzz").grow(8);
  const key = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  process.env["MINIFLARE_WORKERD_V8_FLAGS"] = `--max-old-space-size=${HEAP_MEGABYTES}`;
  try {
    const vars = { ACCEPT: "open", WITNESS_KEY: key, WITNESSED_LOGS: `log ${witnessed.vkey}` };
    return { stack: await startStack({ vars }), witnessed };
  } finally {
    delete process.env["MINIFLARE_WORKERD_V8_FLAGS"];
  }
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Fuzzes one stack. Throws with the number of the request that broke a rule; number and seed reproduce it. */
export class Campaign {
  readonly outcomes = new Map<string, RouteOutcome>();
  readonly #fuzzed: FuzzedStack;
  readonly #pid: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #scale: number;
  #material: Material | null = null;
  #madeAt = 0;
  #seenLogs = 0;

  constructor(fuzzed: FuzzedStack) {
    this.#fuzzed = fuzzed;
    this.#pid = fuzzed.stack.workerdPid();
    this.#scale = Math.max(1, verificationMs() / REFERENCE_MS);
  }

  /** The most memory that workerd has had. */
  get peakMegabytes(): number {
    return peakMegabytes(this.#pid);
  }

  /** Sends requests `first` to `first + count`. */
  async run(seed: number, count: number, report: (done: number) => void = () => {}): Promise<void> {
    for (let i = 0; i < count; i++) {
      const random = new Random((seed ^ Math.imul(i + 1, 0x9e3779b1)) >>> 0);
      const draft = await this.draft(random.pick(FUZZED_ROUTES), random);
      mutate(draft, random);
      await this.#check(draft, `request ${i} of seed ${seed}`);
      if ((i + 1) % 10_000 === 0) report(i + 1);
    }
  }

  /** Sends the bodies that cost a parser most to a route, as long as it reads them. */
  async runExpensive(row: (typeof FUZZED_ROUTES)[number]): Promise<void> {
    const random = new Random(1);
    for (const [i, body] of expensiveBodies(row.maxBodyBytes ?? 0).entries()) {
      const draft = await this.draft(row, random);
      draft.body = body;
      await this.#check(draft, `expensive body ${i}`);
    }
  }

  /** Sends DER that costs a parser most, in every place of a route that takes DER. Returns how many requests. */
  async runDer(row: (typeof FUZZED_ROUTES)[number]): Promise<number> {
    const random = new Random(2);
    let sent = 0;
    for (const content of hostileBodies(row.handler, row.maxBodyBytes ?? 0, await this.#freshMaterial())) {
      await this.#check(this.#draftOf(row, content, random), `hostile DER ${sent++}`);
    }
    return sent;
  }

  /** A valid request of a route. */
  async draft(row: (typeof FUZZED_ROUTES)[number], random: Random): Promise<Draft> {
    const make = new Map(Object.entries(contents(await this.#freshMaterial()))).get(row.handler);
    if (make === undefined) throw new Error(`${row.handler} has no valid request`);
    return this.#draftOf(row, make(random), random);
  }

  /** What requests are made of, with a token that is still valid. */
  async #freshMaterial(): Promise<Material> {
    if (this.#material === null || Date.now() > this.#madeAt + TOKEN_LIFE_MS) {
      this.#material = await makeMaterial(this.#fuzzed.stack, this.#fuzzed.witnessed);
      this.#madeAt = Date.now();
    }
    return this.#material;
  }

  #draftOf(row: (typeof FUZZED_ROUTES)[number], content: Content, random: Random): Draft {
    const { rest = "", query, contentType, body, authorization } = content;
    const path = row.path.replace(/\*$|:[\w.-]+$/, rest);
    return {
      route: `${row.method ?? ""} ${row.path}`,
      method: row.method ?? "GET",
      path: query === undefined ? path : `${path}?${query}`,
      headers: {
        // Another network each time, so that no limit answers in place of the service.
        "cf-connecting-ip": `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`,
        ...(contentType === undefined ? {} : { "content-type": contentType }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: body === undefined ? null : Buffer.from(body),
      maxBodyBytes: row.maxBodyBytes ?? null,
    };
  }

  async #check(draft: Draft, name: string): Promise<void> {
    const title = `${name} (${draft.method} ${draft.path.slice(0, 200)}, ${draft.body?.length ?? 0} bytes)`;
    const { answer, ms } = await this.#measure(draft, title);
    const outcome = this.outcomes.get(draft.route) ?? { requests: 0, statuses: new Map(), maxCpuMs: 0, cpuMs: 0 };
    this.outcomes.set(draft.route, outcome);
    checkAnswer(answer, title);
    const mebibytes = ((draft.body?.length ?? 0) + answer.body.length) / 2 ** 20;
    const budget = (): number => BUDGET_MS * this.#scale + TRANSFER_MS_PER_MEBIBYTE * mebibytes;
    let best = ms;
    for (let i = 0; best > budget() && i < REPEATS; i++) {
      // Other work on the machine takes its caches and clock rate from both.
      this.#scale = Math.max(this.#scale, verificationMs() / REFERENCE_MS);
      await setTimeout(PAUSE_MS);
      best = Math.min(best, (await this.#measure(draft, title)).ms);
    }
    if (best > budget())
      throw new Error(`${title}: ${best.toFixed(1)} ms of CPU, and the budget is ${budget().toFixed(1)}`);
    outcome.requests++;
    outcome.cpuMs += best;
    outcome.maxCpuMs = Math.max(outcome.maxCpuMs, best);
    outcome.statuses.set(answer.status, (outcome.statuses.get(answer.status) ?? 0) + 1);
    this.#checkLogs(title);
  }

  async #measure(draft: Draft, title: string): Promise<{ readonly answer: Answer; readonly ms: number }> {
    const before = cpuMs(this.#pid);
    try {
      const answer = await this.#send(draft);
      return { answer, ms: cpuMs(this.#pid) - before };
    } catch (error) {
      const isAlive = this.#fuzzed.stack.workerdPid() === this.#pid;
      // The service answered without reading the body, and closed the connection before all of it was written.
      if (isAlive && isClosedEarly(error, draft)) return { answer: { status: 413, body: Buffer.alloc(0) }, ms: 0 };
      const reason = error instanceof Error ? error.message : "?";
      throw new Error(`${title}: ${isAlive ? reason : "workerd has ended"}`, { cause: error });
    }
  }

  #send({ method, path, headers, body }: Draft): Promise<Answer> {
    const { port } = this.#fuzzed.stack;
    const hasBody = body !== null && method !== "GET" && method !== "HEAD";
    const length = hasBody ? { "content-length": body.length } : {};
    return new Promise((resolve, reject) => {
      const host = new URL(this.#fuzzed.stack.url).host;
      const options = { port, method, path, agent: this.#agent, headers: { host, ...headers, ...length } };
      const outgoing = send(options, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks) }));
      });
      outgoing.on("error", reject);
      outgoing.end(hasBody ? body : undefined);
    });
  }

  /** An exception leaves a line with the code `internal`. Nothing that a request holds makes one. */
  #checkLogs(title: string): void {
    const { logs } = this.#fuzzed.stack;
    const internal = logs.slice(this.#seenLogs).find(({ message }) => message.includes('"internal"'));
    this.#seenLogs = logs.length;
    if (internal !== undefined) throw new Error(`${title}: ${internal.message.slice(0, 500)}`);
  }
}

/** What a server discards of an unread body before it closes the connection. */
const DISCARDED_BYTES = 64 * 1024;

function isClosedEarly(error: unknown, { body }: Draft): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return (code === "EPIPE" || code === "ECONNRESET") && (body?.length ?? 0) > DISCARDED_BYTES;
}

function checkAnswer({ status, body }: Answer, title: string): void {
  // 501 answers a wrong method on the routes of Fulcio and Rekor.
  const isFailure = status < 200 || (status >= 500 && status !== 501);
  if (isFailure) throw new Error(`${title}: status ${status}: ${body.toString().slice(0, 300)}`);
  if (status >= 400 && body.length > MAX_ERROR_BYTES) throw new Error(`${title}: an error of ${body.length} bytes`);
  // oxlint-disable-next-line no-control-regex -- what a message quotes must not reach a terminal as a command
  const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
  if (status >= 400 && control.test(body.toString())) throw new Error(`${title}: an error with control characters`);
}
