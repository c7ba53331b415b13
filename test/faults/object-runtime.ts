// SPDX-License-Identifier: Apache-2.0
// The runtime of one Durable Object: a single instance that may touch the storage, turns, the output gate, the alarm,
// and every way in which an instance ends. It models these rules of the platform: storage writes of one turn are
// atomic; answers and outgoing calls wait until all earlier writes are durable; a call that has left survives the
// death of its sender; an instance that a deploy has replaced lives on until it touches storage.

import { type UnixMs, unixMs } from "../../shared/time.ts";
import type { Host } from "../../workers/sequencer/deps.ts";
import type { Log } from "../../workers/sequencer/log.ts";
import type { SizedStorage } from "../../workers/sequencer/platform/durable-storage.ts";
import type { SqliteStorage } from "../support/logs/sqlite-storage.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import { TurnStorage } from "./turn-storage.ts";

/** How an instance ends. */
export type Ending = "killed" | "killed in a turn" | "aborted" | "evicted" | "replaced by a deploy";

/** A call that the instance has not answered yet. */
interface PendingCall {
  readonly label: string;
  readonly since: number;
  /** Called when the instance dies. */
  readonly fail: () => void;
}

/** One instance of the object. */
export class Instance {
  readonly number: number;
  readonly log: Log;
  isDead = false;
  /** The time of this turn: the clock stops while code runs. */
  now: UnixMs = unixMs(0);
  readonly pending = new Set<PendingCall>();
  /** Number of promises under waitUntil. */
  work = 0;

  constructor(number: number, makeLog: (instance: Instance) => Log) {
    this.number = number;
    this.log = makeLog(this);
  }
}

/** Probabilities, per turn, of faults inside the object. */
export interface ObjectRates {
  /** A statement throws. */
  statementFails: number;
  /** A transaction throws, before or after it took effect. */
  transactionFails: number;
  killedInTurn: number;
  /** The flush of a turn takes seconds. */
  slowFlush: number;
  /** An alarm is lost. It comes twice with double this probability, and late with triple. */
  alarmLost: number;
}

/** The parts of a world that a runtime uses. */
export interface RuntimeDeps {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly rates: ObjectRates;
  readonly makeLog: (instance: Instance) => Log;
  readonly clock: () => UnixMs;
  readonly count: (name: string) => void;
  readonly trace: (line: string) => void;
  readonly violate: (what: string) => void;
}

type StatementFault = { readonly kind: "fails" | "dies"; left: number };

const ALARM_TABLE = "CREATE TABLE IF NOT EXISTS alarm (id INTEGER PRIMARY KEY, at REAL NOT NULL) STRICT";
/** After this many attempts the platform drops an alarm. */
const ALARM_ATTEMPTS = 6;

/** Runs the instances of one object, one at a time. */
export class ObjectRuntime {
  readonly storage = new TurnStorage();
  readonly #deps: RuntimeDeps;
  current: Instance | null = null;
  #instances = 0;
  #turnOf: Instance | null = null;
  #statementFault: StatementFault | null = null;
  #transactionFault: "fails" | "fails, took effect" | null = null;
  /** The open turn's writes survive the instance's end. */
  #keepsTurn = false;
  #waiting: { readonly unit: number; readonly instance: Instance; readonly run: () => void }[] = [];
  #flushedAt = 0;
  #alarmAt: number | null = null;
  #cancelAlarm: (() => void) | null = null;
  /** The error with which the storage rejects every write, null if it takes them. */
  storageRejects: string | null = null;
  /** The last alarm was lost, and none has been set since. */
  isAlarmLost = false;

  constructor(deps: RuntimeDeps) {
    this.#deps = deps;
    this.storage.exec(ALARM_TABLE, []);
    this.storage.confirm(this.storage.endTurn() ?? 0);
  }

  /** Starts with a copy of another storage. */
  load(other: SqliteStorage): void {
    this.storage.load(other.database);
    this.storage.confirm(this.storage.endTurn() ?? 0);
  }

  /** Deletes the storage and the alarm. */
  clear(): void {
    this.storage.clear();
    this.storage.exec(ALARM_TABLE, []);
    this.storage.confirm(this.storage.endTurn() ?? 0);
    this.#syncAlarm();
  }

  /** Sets the probabilities of faults inside the object. */
  setRates(rates: Partial<ObjectRates>): void {
    Object.assign(this.#deps.rates, rates);
  }

  // ---- turns ----

  /** Schedules a turn of this instance after `delay`, unless it is dead by then. The returned function cancels it. */
  turn(instance: Instance, delay: number, label: string, run: () => void): () => void {
    const begin = (): void => {
      if (instance.isDead) return;
      this.#begin(instance);
      run();
    };
    return this.#deps.scheduler.schedule(delay, { label, run: begin, after: () => this.#end(instance) });
  }

  /** Schedules a turn of the instance that is current then, and starts one if there is none. */
  turnOfCurrent(delay: number, label: string, run: (instance: Instance) => void): void {
    const begin = (): void => {
      this.current ??= this.#start();
      this.#begin(this.current);
      run(this.current);
    };
    const end = (): void => {
      if (this.#turnOf !== null) this.#end(this.#turnOf);
    };
    this.#deps.scheduler.schedule(delay, { label, run: begin, after: end });
  }

  #start(): Instance {
    const instance = new Instance(++this.#instances, this.#deps.makeLog);
    this.#deps.trace(`instance ${instance.number} starts`);
    return instance;
  }

  #begin(instance: Instance): void {
    const { random, rates, clock } = this.#deps;
    this.#turnOf = instance;
    instance.now = clock();
    this.#keepsTurn = false;
    this.#statementFault = null;
    this.#transactionFault = null;
    if (random.chance(rates.killedInTurn)) this.#statementFault = { kind: "dies", left: random.below(30) };
    else if (random.chance(rates.statementFails)) this.#statementFault = { kind: "fails", left: random.below(20) };
    if (random.chance(rates.transactionFails)) {
      this.#transactionFault = random.chance(0.5) ? "fails" : "fails, took effect";
    }
  }

  #end(instance: Instance): void {
    if (this.#turnOf !== instance) return;
    this.#turnOf = null;
    if (instance.isDead) {
      this.#lose(instance);
      return;
    }
    const unit = this.storage.endTurn();
    if (unit === null) return;
    const { scheduler, random, rates, count } = this.#deps;
    const isSlow = random.chance(rates.slowFlush);
    if (isSlow) count("sql: flushed late");
    const delay = isSlow ? random.spread(500, 8_000) : random.spread(0.5, 15);
    this.#flushedAt = Math.max(this.#flushedAt, scheduler.now + delay);
    scheduler.schedule(this.#flushedAt - scheduler.now, { label: "flush", run: () => this.#flush(unit) });
  }

  // ---- output gate ----

  /** Calls `run` when all writes so far are durable; never, if they are lost or the instance dies first. */
  afterGate(instance: Instance, run: () => void): void {
    const unit = this.storage.newest;
    // The deploy has settled the writes of a replaced instance.
    if (instance !== this.current || this.storage.isDurable(unit)) run();
    else this.#waiting.push({ unit, instance, run });
  }

  #flush(unit: number): void {
    if (!this.storage.unconfirmed.includes(unit)) return;
    this.storage.confirm(unit);
    this.#openGate();
    this.#syncAlarm();
  }

  #openGate(): void {
    const open = this.#waiting.filter((waiting) => this.storage.isDurable(waiting.unit));
    this.#waiting = this.#waiting.filter((waiting) => !open.includes(waiting));
    for (const { instance, run } of open) if (!instance.isDead) run();
  }

  // ---- endings ----

  /** Ends the instance: between two turns or, when called from inside, in the middle of one. */
  end(instance: Instance, ending: Ending): void {
    if (instance.isDead) return;
    const { count, trace } = this.#deps;
    instance.isDead = true;
    count(`instance: ${ending}`);
    trace(`instance ${instance.number} ${ending}`);
    if (this.#turnOf !== instance) this.#lose(instance);
    for (const { fail } of instance.pending) fail();
    instance.pending.clear();
  }

  /**
   * Loses the units that are not durable, from a random one on. The open turn is lost as a whole, unless it had
   * committed.
   */
  #lose(instance: Instance): void {
    if (this.current !== instance) return;
    const { random, trace } = this.#deps;
    this.current = null;
    const units = this.storage.unconfirmed;
    const isTurnOpen = this.storage.endTurn() !== null;
    const kept = this.#keepsTurn ? units.length : random.below(isTurnOpen ? units.length : units.length + 1);
    if (units.length > kept) trace(`${units.length - kept} turns lost, ${kept} kept`);
    this.storage.loseFrom(units[kept] ?? Number.POSITIVE_INFINITY);
    this.#waiting = [];
    this.#syncAlarm();
  }

  /** Deploys new code. The old instance keeps running until it touches storage, for at most 30 s. */
  deploy(): void {
    const { current } = this;
    const { random, trace } = this.#deps;
    if (current === null) return;
    if (random.chance(0.3)) {
      this.end(current, "replaced by a deploy");
      return;
    }
    trace(`instance ${current.number} is being replaced`);
    this.storage.confirm(this.storage.newest);
    this.#openGate();
    this.#syncAlarm();
    this.current = null;
    this.#deps.scheduler.schedule(random.between(0, 30_000), {
      label: "end of a replaced instance",
      run: () => this.end(current, "replaced by a deploy"),
    });
  }

  // ---- what an instance gets ----

  storageOf(instance: () => Instance): SizedStorage {
    return {
      exec: (query, ...bindings) => {
        this.#touch(instance());
        if (this.storageRejects !== null && !query.startsWith("SELECT")) throw new Error(this.storageRejects);
        return this.storage.exec(query, bindings);
      },
      transactionSync: (run) => this.#transaction(instance(), run),
      sizeBytes: () => 0,
    };
  }

  #transaction<T>(instance: Instance, run: () => T): T {
    this.#touch(instance);
    const fault = this.#transactionFault;
    this.#transactionFault = null;
    if (fault !== null) this.#deps.count(`sql: transaction ${fault}`);
    const value = this.storage.transactionSync(() => {
      const result = run();
      if (fault === "fails") throw new Error("injected: the transaction fails");
      return result;
    });
    if (fault === null) return value;
    this.#keepsTurn = this.#deps.random.chance(0.5);
    throw new Error("injected: the transaction took effect and fails");
  }

  /** False for a dead instance, and for a replaced one, which dies now. */
  #owns(instance: Instance): boolean {
    if (instance !== this.current) this.end(instance, "replaced by a deploy");
    return !instance.isDead;
  }

  #touch(instance: Instance): void {
    if (!this.#owns(instance)) throw new Error("this object is gone");
    if (this.#turnOf !== instance) return this.#deps.violate("storage was touched outside a turn");
    const fault = this.#statementFault;
    if (fault === null || fault.left-- > 0) return;
    this.#statementFault = null;
    if (fault.kind === "dies") this.end(instance, "killed in a turn");
    else this.#deps.count("sql: statement fails");
    throw new Error(`injected: the statement ${fault.kind}`);
  }

  hostOf(instance: () => Instance, logLine: Host["logLine"]): Host {
    const { random, violate } = this.#deps;
    return {
      now: () => instance().now,
      randomId: () => Buffer.from(random.bytes(16)).toString("hex"),
      abort: () => this.end(instance(), "aborted"),
      keepAlive: (work) => {
        const holder = instance();
        holder.work++;
        work.then(
          () => holder.work--,
          (error: unknown) => holder.isDead || violate(`work under keepAlive rejected: ${String(error)}`),
        );
      },
      pause: (milliseconds) =>
        new Promise((resolve) => this.turn(instance(), milliseconds + random.next(), "pause is over", resolve)),
      setAlarm: (at) => {
        const { scheduler } = this.#deps;
        const due = scheduler.now + Math.max(0, at - instance().now);
        // Asynchronous on the platform: it does not throw.
        if (this.#owns(instance())) this.storage.exec("INSERT OR REPLACE INTO alarm VALUES (1, ?)", [due]);
      },
      runAfter: (milliseconds, callback) => this.turn(instance(), milliseconds, "timer", callback),
      logLine: (event, data) => {
        if (!instance().isDead) logLine(event, data);
      },
    };
  }

  // ---- alarm ----

  #syncAlarm(): void {
    const [row] = this.storage.exec("SELECT at FROM alarm", []);
    const at = typeof row?.["at"] === "number" ? row["at"] : null;
    if (at === this.#alarmAt) return;
    this.#cancelAlarm?.();
    this.#alarmAt = at;
    if (at !== null) this.isAlarmLost = false;
    this.#cancelAlarm = at === null ? null : this.#ring(at, 0);
  }

  #ring(at: number, attempt: number): () => void {
    const { scheduler, random, count, rates } = this.#deps;
    const isLate = random.chance(3 * rates.alarmLost);
    if (isLate) count("alarm: late");
    const delay = Math.max(0, at - scheduler.now) + (isLate ? random.between(0, 60_000) : random.between(0, 20));
    return scheduler.schedule(delay, { label: "alarm is due", run: () => this.#rung(attempt) });
  }

  /** Delivers an alarm at least once. A handler that dies is called again, until the platform gives up. */
  #rung(attempt: number): void {
    const { random, count, scheduler, rates } = this.#deps;
    this.isAlarmLost = random.chance(rates.alarmLost) || attempt >= ALARM_ATTEMPTS;
    if (this.isAlarmLost) {
      count("alarm: lost");
      this.turnOfCurrent(0, "alarm is forgotten", () => this.#clearAlarm());
      return;
    }
    if (random.chance(2 * rates.alarmLost)) {
      count("alarm: twice");
      this.turnOfCurrent(random.between(0, 100), "alarm again", (instance) => this.#catchUp(instance, () => undefined));
    }
    this.turnOfCurrent(0, "alarm", (instance) => {
      const again = (): void => {
        this.#cancelAlarm = this.#ring(scheduler.now + 2_000 * 2 ** attempt, attempt + 1);
      };
      const call: PendingCall = { label: "alarm", since: scheduler.now, fail: again };
      instance.pending.add(call);
      this.#clearAlarm();
      this.#catchUp(instance, () => instance.pending.delete(call));
    });
  }

  #catchUp(instance: Instance, done: () => void): void {
    const failed = (error: unknown): void => {
      if (!instance.isDead) this.#deps.violate(`the alarm failed: ${String(error)}`);
    };
    void (async () => {
      try {
        await instance.log.catchUp();
        done();
      } catch (error) {
        failed(error);
      }
    })();
  }

  /** The platform's own write in the turn of the alarm. */
  #clearAlarm(): void {
    this.#alarmAt = null;
    this.#cancelAlarm = null;
    this.storage.exec("DELETE FROM alarm", []);
  }
}
