// SPDX-License-Identifier: Apache-2.0
// Runs one seed, from the log's first call until all faults are healed and checked, and reports what happened.

import { startActors } from "./actors.ts";
import { drawProfile, type Profile } from "./profile.ts";
import { Random } from "./random.ts";
import { World } from "./world.ts";

/** The outcome of one run. */
export interface Report {
  readonly seed: number;
  readonly profile: Profile;
  readonly steps: number;
  /** Virtual time. */
  readonly virtualMs: number;
  readonly entries: number;
  readonly acknowledged: number;
  readonly audits: number;
  /** Number of faults and endings of each kind. */
  readonly counts: ReadonlyMap<string, number>;
  /** Digest of the whole run: equal runs have equal digests. */
  readonly digest: string;
  /** The first violation, null if there was none. */
  readonly violation: string | null;
  /** The last lines of the trace, for a failed run. */
  readonly trace: readonly string[];
}

const AUDIT_EVERY_STEPS = 400;
/**
 * How many of the newest tiles are read after a restart. A log that dies every few steps is not read whole each time.
 */
const NEWEST_AFTER_RESTART = 2;
/** Longer than back-off, alarm and the alarm's delay together. */
const DRAIN_MS = 300_000;
const READ_ATTEMPTS = 3;

/** Runs one seed. */
export async function simulate(seed: number, steps: number): Promise<Report> {
  const random = new Random(seed);
  const profile = drawProfile(random);
  const world = new World(random, profile);
  const run = new Run(world);
  try {
    await run.live(steps);
    if (profile.isLost) await run.endLost(steps / 4);
    else await run.endQuietly();
    const fault = await world.stolen.findFault((identity) => world.checker.hasEntry(identity));
    if (fault !== null) world.violate(fault);
  } catch (error) {
    world.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const { checker, plan, scheduler, violation } = world;
  return {
    seed,
    profile,
    steps: run.steps,
    virtualMs: scheduler.now,
    entries: checker.visible,
    acknowledged: checker.acknowledgements,
    audits: checker.audits,
    counts: plan.counts,
    digest: world.digest,
    violation: violation?.message ?? null,
    trace: violation === null ? [] : world.trace,
  };
}

class Run {
  steps = 0;
  readonly #world: World;
  /** The last instance whose whole log was read after it had opened. */
  #audited = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async live(steps: number): Promise<void> {
    const world = this.#world;
    const { profile } = world;
    startActors(world);
    while (this.steps < steps) {
      await this.#step();
      const { current } = world.runtime;
      if (current !== null && world.random.chance(profile.killed)) world.runtime.end(current, "killed");
      if (this.steps % AUDIT_EVERY_STEPS === 0) await world.checker.audit();
    }
  }

  async #step(): Promise<void> {
    const world = this.#world;
    if (!(await world.scheduler.step())) throw new Error("no event is left to run");
    this.steps++;
    const { current } = world.runtime;
    if (current !== null && current.number !== this.#audited && current.log.phase.kind === "running") {
      world.checkAnchor();
      if (await world.checker.audit(NEWEST_AFTER_RESTART)) this.#audited = current.number;
    } else if (!world.isLost) {
      await world.checker.follow();
    }
    if (this.steps % 20 === 0 && !world.isLost) {
      world.checkAnswers();
      world.checkRows();
      world.checker.checkIndex();
    }
    if (world.violation !== null) throw world.violation;
  }

  async #until(what: string, limitMs: number, isDone: () => boolean): Promise<void> {
    const { scheduler } = this.#world;
    const end = scheduler.now + limitMs;
    while (!isDone()) {
      if (scheduler.now > end) throw new Error(`not ${what} after ${limitMs / 1000} s without faults`);
      await this.#step();
    }
  }

  /**
   * Heals all faults. Then every caller must be answered, the stores must catch up, and a new instance must find it
   * all.
   */
  async endQuietly(): Promise<void> {
    const world = this.#world;
    world.isOver = true;
    world.heal();
    // Without a further entry, the alarm alone must update the stores, unless the platform has dropped it.
    const isAlarmEnough = !world.runtime.isAlarmLost && world.checker.visible > 0 && world.random.chance(0.5);
    if (!isAlarmEnough) await this.#answerOne();
    await this.#until("caught up", DRAIN_MS, () => this.#isDrained());
    await this.#readAll();
    const { current } = world.runtime;
    if (current !== null) world.runtime.end(current, "killed");
    await this.#readAll();
    await this.#answerOne();
    await this.#until("caught up", DRAIN_MS, () => this.#isDrained());
    const size = await this.#readAll();
    const { checker } = world;
    if (world.isFrozen && checker.frozenSize !== size)
      throw new Error(`a log that was frozen at ${checker.frozenSize} has ${size} entries`);
    const { watermark } = checker.index;
    if (watermark < size) throw new Error(`the index ends at ${watermark} of ${size}`);
  }

  /**
   * Deletes the object's storage while clients continue. The log must take no more entries and be read as its newest
   * backup has it. Without a backup, or if nobody has seen the log, there is nothing to read.
   */
  async endLost(steps: number): Promise<void> {
    const world = this.#world;
    world.loseStorage();
    if (!world.isLost) {
      await this.endQuietly();
      return;
    }
    for (const end = this.steps + steps; this.steps < end; ) await this.#step();
    world.isOver = true;
    world.heal();
    // Calls that have left the object may still create a backup for up to a minute. The instance after that sees them
    // all.
    for (let round = 0; round < 2; round++) {
      await this.#until("refusing", 120_000, this.#refused());
      const { current } = world.runtime;
      if (round === 0 && current !== null) world.runtime.end(current, "killed");
    }
    await this.#readRestored();
  }

  /** Submits until the log refuses. Returns whether it does. A log that the settings freeze answers log_frozen. */
  #refused(): () => boolean {
    const world = this.#world;
    const seen = { isRefused: false };
    const takesNothing = async (): Promise<boolean> => {
      const isExpected = (await world.submit(world.fresh())) === (world.isFrozen ? "log_frozen" : "log_refusing");
      return isExpected && world.runtime.current?.log.phase.kind === "refusing";
    };
    void (async () => {
      await world.scheduler.sleep(70_000);
      while (!(await takesNothing())) await world.scheduler.sleep(1_000);
      seen.isRefused = true;
    })();
    return () => seen.isRefused;
  }

  async #readRestored(): Promise<void> {
    const world = this.#world;
    const newest = world.backups.at(-1) ?? null;
    const shown = world.runtime.current?.log.restored?.state ?? null;
    if ((shown === null) !== (newest === null))
      throw new Error(`the backup has ${newest} entries, the log shows ${shown?.treeSize}`);
    if (shown === null) return;
    world.plan.count("restored from a backup");
    await world.checker.auditRestored(shown);
    if (world.violation !== null) throw world.violation;
  }

  async #answerOne(): Promise<void> {
    const world = this.#world;
    const answer = { isThere: false };
    const entry = world.fresh();
    void (async () => {
      const isAnswered = (result: string): boolean => result === (world.isFrozen ? "log_frozen" : "ok");
      while (!isAnswered(await world.submit(entry))) await world.scheduler.sleep(1_000);
      answer.isThere = true;
    })();
    await this.#until("answering", 120_000, () => answer.isThere);
  }

  /** Reads head and log as any reader does. Returns the size. */
  async #readAll(): Promise<number> {
    const world = this.#world;
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const size = await this.#readHead(world.checker.visible);
      const isRead = await world.checker.audit(Number.POSITIVE_INFINITY);
      if (world.violation !== null) throw world.violation;
      if (isRead) return size;
      // An earlier deploy may have ended the instance that has just answered.
    }
    throw new Error("the log cannot be read");
  }

  /** Reads a head of at least `seen` entries and returns its size. */
  async #readHead(seen: number): Promise<number> {
    const world = this.#world;
    const read = { size: -1 };
    void (async () => {
      // A cosigned head may be shown instead of the newest for ten seconds.
      while (read.size < seen) {
        read.size = (await world.readHead())?.treeSize ?? -1;
        await world.scheduler.sleep(1_000);
      }
    })();
    await this.#until("readable", 60_000, () => read.size >= seen);
    return read.size;
  }

  #isDrained(): boolean {
    const { runtime, storedState, checker } = this.#world;
    if (storedState === null) return true;
    // An evicted object has only its rows, whose cursor of the index lags behind the index.
    const { treeSize, indexed, publishedTiles } = runtime.current?.log.state ?? storedState;
    const isIndexed = Math.max(indexed, checker.index.watermark) >= treeSize;
    return isIndexed && publishedTiles === Math.floor(treeSize / 256);
  }
}
