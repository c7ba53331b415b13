// SPDX-License-Identifier: Apache-2.0
// A simulated world in which nothing goes wrong and only the test acts.

import type { Profile } from "./profile.ts";
import { Random } from "./random.ts";
import { makeSubmission, type SimulatedSubmission } from "./submissions.ts";
import { World } from "./world.ts";

const QUIET: Profile = {
  kind: "signature",
  isGrown: false,
  witness: "none",
  hasHangingWitness: false,
  backupEveryMs: 600_000,
  isLost: false,
  clients: 0,
  burst: 1,
  thinkMs: 50,
  duplicates: 0,
  readers: 0,
  rates: { "r2.get": 0, "r2.put": 0, d1: 0, anchor: 0, witness: 0, "rpc.append": 0, "rpc.read": 0 },
  outageEveryMs: 1e9,
  object: { statementFails: 0, transactionFails: 0, killedInTurn: 0, slowFlush: 0, alarmLost: 0 },
  killed: 0,
  clockJumpEveryMs: 1e9,
  freezing: "never",
  storageRejectsEveryMs: 1e9,
  index: "kept",
  theft: "none",
};

/** An outcome and the time it took. */
export interface Timed {
  readonly result: string;
  /** Virtual time. */
  readonly milliseconds: number;
}

/** A quiet world, driven by a test. */
export class Lab {
  readonly world: World;
  #numbers = 0;

  constructor(profile: Partial<Profile> = {}, seed = 1) {
    this.world = new World(new Random(seed), { ...QUIET, ...profile });
  }

  get now(): number {
    return this.world.scheduler.now;
  }

  next(): SimulatedSubmission {
    const what = makeSubmission(this.world.profile.kind, 2_000_000 + this.#numbers++);
    this.world.known.set(what.identity, what);
    return what;
  }

  /** Lets virtual time pass. */
  async run(milliseconds: number): Promise<void> {
    await this.until(this.world.scheduler.sleep(milliseconds, "time has passed"));
  }

  async #step(): Promise<void> {
    if (!(await this.world.scheduler.step())) throw new Error("no event is left to run");
    await this.world.checker.follow();
    if (this.world.violation !== null) throw this.world.violation;
  }

  /** Runs the world until the promise settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const promised = { isSettled: false };
    const settle = (): void => {
      promised.isSettled = true;
    };
    promise.then(settle, settle);
    while (!promised.isSettled) await this.#step();
    return await promise;
  }

  /** Appends. Returns the outcome (`ok`, an error's code, `timeout`, `failed`) and how long it took. */
  async append(what = this.next()): Promise<Timed> {
    const began = this.now;
    const result = await this.until(this.world.submit(what));
    return { result, milliseconds: this.now - began };
  }

  async grow(count: number): Promise<void> {
    await this.until(Promise.all(Array.from({ length: count }, async () => await this.world.submit(this.next()))));
  }

  async readHead(): Promise<{ readonly treeSize: number | null; readonly milliseconds: number }> {
    const began = this.now;
    const head = await this.until(this.world.readHead());
    return { treeSize: head?.treeSize ?? null, milliseconds: this.now - began };
  }

  /** Ends the instance. The next call starts a new one. */
  kill(): void {
    const { current } = this.world.runtime;
    if (current !== null) this.world.runtime.end(current, "killed");
  }
}
