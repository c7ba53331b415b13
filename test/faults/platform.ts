// SPDX-License-Identifier: Apache-2.0
// The object's surroundings, behind calls that go wrong: R2, D1 and the anchor as the sequencer reaches them, and the
// object as its callers reach it. The stores themselves neither forget nor lie; only the calls fail.

import { equal } from "../../shared/bytes/bytes.ts";
import { type TreeHead } from "../../shared/tlog/head.ts";
import {
  advanceAnchoredHead,
  prepareAnchoredHead,
  readAnchoredHead,
} from "../../workers/sequencer/anchor/anchored-head.ts";
import type { AnchorPort, ObjectStore, SearchIndex, WitnessAnswer, Witnessing } from "../../workers/sequencer/deps.ts";
import { r2Objects } from "../../workers/sequencer/platform/r2-objects.ts";
import { d1Index } from "../../workers/sequencer/publication/index-feed.ts";
import { memoryD1 } from "../support/logs/sqlite-d1.ts";
import { SqliteStorage } from "../support/logs/sqlite-storage.ts";
import type { Boundary, Fault, FaultPlan } from "./fault-plan.ts";
import type { Instance, ObjectRuntime } from "./object-runtime.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimulatedWitness, verifySimulated, WITNESSES, witnessAt, witnessPolicy } from "./simulated-witness.ts";

/** The parts of a world that a platform uses. */
export interface PlatformDeps {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly plan: FaultPlan;
  readonly runtime: () => ObjectRuntime;
  /** The time outside the object. */
  readonly now: () => number;
  readonly violate: (what: string) => void;
}

type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

interface Outgoing<T> {
  readonly boundary: Boundary;
  readonly label: string;
  /** Runs in the store. */
  readonly perform: () => T;
  /** The answer of a put that took effect but is reported as a failed precondition. */
  readonly onPrecondition?: T;
  /** Runs when the call leaves the object. */
  readonly onSend?: () => void;
}

/** Makes an error without a stack, which would cost time and help nobody. */
function failure(what: string): Answer<never> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new Error(`injected: ${what}`);
  Error.stackTraceLimit = stackTraceLimit;
  return { ok: false, error };
}

const TOO_SLOW = new Error("the witness takes too long");
const NOT_REFUSED = failure("nothing");

/** The stores, the anchor and the witness of one world. */
export class Platform {
  readonly objects = new Map<string, Uint8Array>();
  readonly d1 = memoryD1();
  readonly witnesses: ReadonlyMap<string, SimulatedWitness>;
  /** The witness that takes every connection and never answers, null for none. */
  hangingWitness: string | null = null;
  /** The delay of late calls; null for a random one from 0.1 s to a minute. */
  latenessMs: number | null = null;
  readonly #anchorStorage = new SqliteStorage();
  readonly #deps: PlatformDeps;

  constructor(deps: PlatformDeps) {
    this.#deps = deps;
    prepareAnchoredHead(this.#anchorStorage);
    const watch = { anchoredSize: () => this.anchored?.treeSize ?? 0, now: deps.now, violate: deps.violate };
    this.witnesses = new Map(WITNESSES.map((name) => [name, new SimulatedWitness(name, watch)]));
  }

  get anchored(): TreeHead | null {
    return readAnchoredHead(this.#anchorStorage);
  }

  setAnchor(head: TreeHead): void {
    advanceAnchoredHead(this.#anchorStorage, { from: null, to: head });
  }

  #latency(): number {
    return this.#deps.random.spread(0.5, 20);
  }

  #lateness(): number {
    return this.latenessMs ?? this.#deps.random.spread(100, 60_000);
  }

  // ---- from the object to a store ----

  #call<T>(instance: Instance, outgoing: Outgoing<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { runtime } = this.#deps;
      const settle = (delay: number, answer: Answer<T>): void =>
        void runtime().turn(instance, delay, `answer: ${outgoing.label}`, () => {
          if (answer.ok) resolve(answer.value);
          else reject(answer.error);
        });
      runtime().afterGate(instance, () => this.#send(outgoing, settle));
    });
  }

  #send<T>(outgoing: Outgoing<T>, settle: (delay: number, answer: Answer<T>) => void): void {
    const { scheduler, plan } = this.#deps;
    const { boundary, label, perform, onPrecondition, onSend } = outgoing;
    onSend?.();
    const fault = plan.draw(boundary);
    const [there, back] = [this.#latency(), this.#latency()];
    const effect = (delay: number, then: (answer: Answer<T>) => void): void => {
      scheduler.schedule(delay, { label, run: () => then(attempt(perform)) });
    };
    const refused = fault === null ? NOT_REFUSED : failure(`${boundary} ${fault}`);
    switch (fault) {
      case null:
        return effect(there, (answer) => settle(back, answer));
      case "fails":
      case "limited":
        return settle(there, refused);
      case "fails, took effect":
        return effect(there, () => settle(back, refused));
      case "fails, takes effect later":
        settle(there, refused);
        return effect(this.#lateness(), () => undefined);
      case "hangs":
        return;
      case "hangs, took effect":
        return effect(there, () => undefined);
      case "late":
        return effect(this.#lateness(), (answer) => settle(back, answer));
      case "answered late": {
        const lateness = this.#lateness();
        return effect(there, (answer) => settle(lateness, answer));
      }
      case "precondition":
        return effect(there, () =>
          settle(back, onPrecondition === undefined ? refused : { ok: true, value: onPrecondition }),
        );
      default:
        fault satisfies never;
    }
  }

  #checkMayWrite(instance: Instance, what: string): void {
    const { phase } = instance.log;
    if (phase.kind !== "running") this.#deps.violate(`a log that is ${phase.kind} writes ${what}`);
  }

  /** The real adapter over a simulated bucket. */
  objectsOf(instance: () => Instance): ObjectStore {
    const bucket = {
      get: async (key: string) => {
        const bytes = await this.#call(instance(), {
          boundary: "r2.get",
          label: `get ${key}`,
          perform: () => this.objects.get(key) ?? null,
        });
        return bytes === null ? null : { arrayBuffer: () => Promise.resolve(new Uint8Array(bytes).buffer) };
      },
      put: (key: string, bytes: Uint8Array, options?: R2PutOptions) => {
        const copy = new Uint8Array(bytes);
        return this.#call<object | null>(instance(), {
          boundary: "r2.put",
          label: `put ${key}`,
          perform: () => this.#put(key, copy, options),
          onPrecondition: null,
          // A new log writes log.json; only a running log writes anything else.
          onSend: () => (key.endsWith("/log.json") ? undefined : this.#checkMayWrite(instance(), key)),
        });
      },
    };
    const more = {
      list: ({ prefix = "" }: R2ListOptions) =>
        this.#call(instance(), {
          boundary: "r2.get",
          label: `list ${prefix}`,
          perform: () => {
            const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
            return { objects: keys.map((key) => ({ key })), truncated: false };
          },
        }),
      delete: (key: string) =>
        this.#call<void>(instance(), {
          boundary: "r2.put",
          label: `delete ${key}`,
          perform: () => {
            if (!key.includes("/backup/")) this.#deps.violate(`the immutable object ${key} was deleted`);
            this.objects.delete(key);
          },
          onSend: () => this.#checkMayWrite(instance(), `the absence of ${key}`),
        }),
    };
    return r2Objects(Object.assign(bucket, more) as unknown as R2Bucket);
  }

  #put(key: string, bytes: Uint8Array, options: R2PutOptions | undefined): object | null {
    const held = this.objects.get(key);
    const onlyIf = options?.onlyIf as R2Conditional | undefined;
    if (held !== undefined && onlyIf?.etagDoesNotMatch === "*") return null;
    if (held !== undefined && !equal(held, bytes)) this.#deps.violate(`the immutable object ${key} changed`);
    this.objects.set(key, bytes);
    return {};
  }

  /** The real statements over a simulated database. A batch is one transaction. */
  indexOf(instance: () => Instance): SearchIndex {
    const { d1, database, run } = this.d1;
    const batch = (statements: D1PreparedStatement[]): Promise<unknown> =>
      this.#call(instance(), {
        boundary: "d1",
        label: "d1 batch",
        perform: () => {
          database.exec("BEGIN");
          const results = run(statements);
          database.exec("COMMIT");
          return results;
        },
        onSend: () => this.#checkMayWrite(instance(), "D1"),
      });
    return d1Index({ prepare: (sql: string) => d1.prepare(sql), batch } as unknown as D1Database);
  }

  anchorOf(instance: () => Instance): AnchorPort {
    return {
      read: () =>
        this.#call(instance(), {
          boundary: "anchor",
          label: "anchor read",
          perform: () => readAnchoredHead(this.#anchorStorage),
        }),
      advance: (step) =>
        this.#call(instance(), {
          boundary: "anchor",
          label: `anchor ${step.from?.treeSize ?? "none"} → ${step.to.treeSize}`,
          perform: () => advanceAnchoredHead(this.#anchorStorage, step),
        }),
    };
  }

  #callWitness(instance: Instance, name: string, body: string): Promise<WitnessAnswer> {
    const witness = this.witnesses.get(name);
    if (witness === undefined) throw new Error(name);
    if (name === this.hangingWitness) {
      this.#deps.plan.count("a witness takes the connection and never answers");
      return new Promise(() => undefined);
    }
    return this.#call(instance, { boundary: "witness", label: name, perform: () => witness.addCheckpoint(body) });
  }

  /** The witnesses, behind a client with a deadline of five seconds, like the real one. */
  witnessingOf(instance: () => Instance, requireQuorum: boolean): Witnessing {
    const post = (url: string, body: string): Promise<WitnessAnswer> =>
      new Promise((resolve, reject) => {
        const name = witnessAt(url);
        const call = this.#callWitness(instance(), name, body);
        const cancel = this.#deps.runtime().turn(instance(), 5_000, "witness is too slow", () => reject(TOO_SLOW));
        call.then(resolve, reject).finally(cancel);
      });
    return { policy: witnessPolicy, requireQuorum, verify: verifySimulated, post };
  }

  // ---- from a caller to the object ----

  /**
   * Calls the object. `left` sees the answer when it leaves the object, whether or not it arrives. Rejects if the call
   * fails or the instance dies. May never settle.
   */
  callObject<T>(
    boundary: "rpc.append" | "rpc.read",
    label: string,
    handle: (instance: Instance) => Promise<T>,
    left: (value: T) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const { scheduler, plan, runtime } = this.#deps;
      const fault = plan.draw(boundary);
      const [there, back] = [this.#latency(), this.#latency()];
      const settle = (delay: number, answer: Answer<T>): void =>
        void scheduler.schedule(delay, {
          label: `reply: ${label}`,
          run: () => (answer.ok ? resolve(answer.value) : reject(answer.error)),
        });
      const refused = fault === null ? NOT_REFUSED : failure(`${boundary} ${fault}`);
      const reply = (answer: Answer<T>): void => this.#reply(fault, answer, { back, settle });
      if (fault === "fails" || fault === "limited") return settle(there, refused);
      if (fault === "hangs") return;
      const isEarly = fault !== "late" && fault !== "fails, takes effect later";
      if (fault === "fails, takes effect later") settle(there, refused);
      runtime().turnOfCurrent(isEarly ? there : this.#lateness(), label, (instance) =>
        this.#handle(instance, { label, handle, left, reply }),
      );
    });
  }

  #reply<T>(
    fault: Fault | null,
    answer: Answer<T>,
    { back, settle }: { readonly back: number; readonly settle: (delay: number, answer: Answer<T>) => void },
  ): void {
    if (fault === "fails, took effect") settle(back, failure("the answer is lost"));
    else if (fault === "answered late") settle(this.#lateness(), answer);
    else if (fault === null || fault === "late") settle(back, answer);
  }

  #handle<T>(
    instance: Instance,
    call: {
      readonly label: string;
      readonly handle: (instance: Instance) => Promise<T>;
      readonly left: (value: T) => void;
      readonly reply: (answer: Answer<T>) => void;
    },
  ): void {
    const { scheduler, random, runtime } = this.#deps;
    const fail = (): void => {
      // Some callers get an error that the object was reset; others get no answer.
      if (random.chance(0.8)) call.reply(failure("the object was reset"));
    };
    const pending = { label: call.label, since: scheduler.now, fail };
    instance.pending.add(pending);
    const answered = (answer: Answer<T>): void =>
      runtime().afterGate(instance, () => {
        if (!instance.pending.delete(pending)) return;
        if (answer.ok) call.left(answer.value);
        call.reply(answer);
      });
    call.handle(instance).then(
      (value) => answered({ ok: true, value }),
      (error: unknown) => answered({ ok: false, error: error instanceof Error ? error : new Error(String(error)) }),
    );
  }
}

function attempt<T>(perform: () => T): Answer<T> {
  try {
    return { ok: true, value: perform() };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
