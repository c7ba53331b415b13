// SPDX-License-Identifier: Apache-2.0
// The rounds of a log. Here, and nowhere else, waiting submissions become entries, indexes and answers. Knows the
// protocol and no platform. log.ts opens the log; memory.ts holds what is in memory.
//
// The protocol, and what a crash leaves behind after each step:
//   1 take the pool, assign indexes, hash, sign      nothing was written; the waiters fail; nobody has seen an index
//   2 one transaction: entries, state, dedup, edge   durable whole or not at all: recovery finds the old or new head;
//                                                    nobody has seen the new one
//   3 anchor.advance(from → to), until it answers    the call leaves after 2 is durable; recovery finds the anchor at
//                                                    from, and sends the step again, or at to; nobody has seen to
//   4 memory moves to the new head, in one turn:     the head is in two places: a storage that is put back to any
//     the waiters are answered, readers see it       state before 2 no longer agrees with its anchor
//   5 next round                                     not before 4: the anchor is never two heads behind
//   6 full tiles to R2, rows to D1, cursors          repeated from the cursors; create-only puts make this harmless
// There is no await in 1 and 2: nothing can interleave, and no index is given out twice. Nothing of a round leaves the
// object before 4: no answer, head, tile, record or row of the search index.

import { err, type Result } from "../../../shared/result.ts";
import type { Advance } from "../../../shared/rpc/anchor.ts";
import type { AppendError } from "../../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { SignedTreeHead, TreeHead } from "../../../shared/tlog/head.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { LogDeps } from "../deps.ts";
import type { Submission } from "../kinds/kind.ts";
import type { Refusal } from "../recovery/refusal.ts";
import type { StateRow } from "../tables/state.ts";
import type { LogMemory } from "./memory.ts";
import { Pool } from "./pool.ts";
import { type NewTree, nextState, type Outcome, runRound } from "./round.ts";

/**
 * Lets the event loop take in requests between rounds. Without it, waiting requests starve those that are still
 * arriving. Those who were answered together tend to send together, so a round of many is followed by a pause too: else
 * the first of them gets a round of its own, and the others wait for its anchor.
 */
const PAUSE_MS = 1;
/** After that a waiter is told that the log is busy. Its entry leaves the pool and will not be in the log. */
const WAITER_DEADLINE_MS = 10_000;
/** How far the clock may lag behind the last timestamp. Beyond that it is wrong, not skewed. */
const MAX_CLOCK_LAG_MS = 60_000;
const ANCHOR_RETRY_MS = [10, 50, 250, 1_000, 2_000] as const;

const OTHER_HEAD: Refusal = {
  code: "log_refusing",
  reason: "the anchor holds another tree head than this log: a second copy of it is running; open a new log",
};

const doNothing = (): void => undefined;

/** The other parts of the log that a round works with. */
export interface RoundParts {
  readonly memory: LogMemory;
  /** Its alarm is set in the turn of every commit; it is woken when the anchor holds the head. */
  readonly maintenance: { wake(): void; expectWork(): void };
  /** Sees a head only once the anchor holds it. */
  readonly witnesses: { observe(head: SignedTreeHead): void } | null;
  /** Stops the log. */
  readonly refuse: (refusal: Refusal) => void;
  /** Takes the error of a failed transaction. Returns what to answer, null if the outcome is unknown. */
  readonly rejectedByStorage: (error: unknown) => AppendError | null;
}

interface Waiter {
  readonly submission: Submission;
  readonly bytes: number;
  readonly resolve: (result: Result<Outcome, AppendError>) => void;
}

/** A round whose rows are written and whose head the anchor does not hold yet. */
interface OpenRound {
  readonly from: TreeHead;
  readonly newTree: NewTree;
  readonly waiters: number;
  readonly answer: () => void;
  readonly reject: (refusal: Refusal) => void;
}

/** Collects submissions and commits them, one round at a time. */
export class Rounds {
  readonly #deps: LogDeps;
  readonly #parts: RoundParts;
  readonly #pool = new Pool<Waiter>();
  /** True from the start of a round until its waiters are answered and the pause after it is over. */
  #isRoundUnderWay = false;

  constructor(deps: LogDeps, parts: RoundParts) {
    this.#deps = deps;
    this.#parts = parts;
  }

  /**
   * Resolves when the entry is in a tree that the anchor holds, or with an error. After log_busy the entry may be in
   * the log all the same.
   */
  async submit(submission: Submission): Promise<Result<Outcome, AppendError>> {
    const { host } = this.#deps;
    return await new Promise((resolve) => {
      let cancelDeadline = doNothing;
      const waiter: Waiter = {
        submission,
        bytes: submission.bytes,
        resolve(result) {
          cancelDeadline();
          resolve(result);
        },
      };
      if (!this.#pool.add(waiter)) {
        resolve(err({ code: "log_busy", retryAfterSeconds: 1 }));
        return;
      }
      // A timer, not the clock: the clock may be put back, and an idle object without timers can hibernate.
      cancelDeadline = host.runAfter(WAITER_DEADLINE_MS, () => {
        this.#pool.remove(waiter);
        resolve(err({ code: "log_busy", retryAfterSeconds: 2 }));
      });
      if (!this.#isRoundUnderWay) this.#startRounds();
    });
  }

  #startRounds(): void {
    this.#isRoundUnderWay = true;
    this.#deps.host.keepAlive(this.#runRounds());
  }

  /**
   * Runs rounds until the pool is empty. The first one is written before the promise is returned, so an idle log does
   * not wait.
   */
  async #runRounds(): Promise<void> {
    try {
      while (this.#parts.memory.isRunning && !this.#pool.isEmpty) {
        const round = this.#commitRound();
        // The rows are ahead of memory by this round. During this await entries may join the pool, readers see the head
        // before, and maintenance may move its cursors; no other round can start.
        if (round !== null) await this.#advanceAnchor(round);
        const isLoaded = !this.#pool.isEmpty || (round !== null && round.waiters > 1);
        if (isLoaded) await this.#deps.host.pause(PAUSE_MS);
      }
    } finally {
      this.#isRoundUnderWay = false;
    }
  }

  /** Runs steps 1 and 2. Returns null if nothing was written: all waiters are answered. */
  #commitRound(): OpenRound | null {
    const { format, host, storage } = this.#deps;
    const { memory } = this.#parts;
    const waiters = this.#pool.takeRound();
    const from = memory.openState();
    const now = host.now();
    if (now < from.timestamp - MAX_CLOCK_LAG_MS) {
      const lag = err({ code: "clock_behind", lastTimestamp: from.timestamp, now } as const);
      for (const { resolve } of waiters) resolve(lag);
      return null;
    }
    try {
      const { newTree, outcomes } = runRound({
        edge: memory.edge,
        submissions: waiters.map(({ submission }) => submission),
        timestamp: unixMs(Math.max(now, from.timestamp + (format.signsTime ? 1 : 0))),
        format,
        findEarlier: (identity) => storage.findIdentity(identity),
        countOf: (budget) => storage.readCount(budget),
      });
      if (outcomes.length !== waiters.length) throw new RangeError("a waiter without an outcome");
      const answer = (): void => {
        for (const [i, outcome] of outcomes.entries()) waiters[i]?.resolve(outcome);
      };
      if (newTree === null) {
        answer();
        return null;
      }
      this.#write(from, newTree);
      const reject = (refusal: Refusal): void => {
        for (const { resolve } of waiters) resolve(err(refusal));
      };
      return { from, newTree, waiters: waiters.length, answer, reject };
    } catch (error) {
      const rejected = this.#parts.rejectedByStorage(error);
      if (rejected !== null) {
        for (const { resolve } of waiters) resolve(err(rejected));
        this.rejectAll(rejected);
        return null;
      }
      // The state is unknown, so memory cannot be trusted. The waiters fail with the object, and the next call
      // recovers.
      host.logLine("round_failed", { log: this.#deps.config.name, reason: String(error) });
      host.abort(`a round failed: ${String(error)}`);
      throw error;
    }
  }

  #write(from: StateRow, newTree: NewTree): void {
    const { storage } = this.#deps;
    storage.transactionSync(() => writeTree(this.#deps, newTree, nextState(from, newTree)));
    this.#parts.maintenance.expectWork();
  }

  /** Runs steps 3 and 4. If the anchor holds another head, the log stops. */
  async #advanceAnchor({ from, newTree, answer, reject }: OpenRound): Promise<void> {
    const { memory, maintenance, witnesses, refuse } = this.#parts;
    if (!(await this.#advance({ from, to: newTree.head }))) {
      refuse(OTHER_HEAD);
      reject(OTHER_HEAD);
      return;
    }
    memory.advance(newTree);
    answer();
    witnesses?.observe(memory.openState());
    maintenance.wake();
  }

  /** Asks the anchor until it answers. */
  async #advance(step: Advance): Promise<boolean> {
    const { anchor, host, config } = this.#deps;
    for (let attempt = 0; ; attempt++) {
      try {
        return await anchor.advance(step);
      } catch (error) {
        host.logLine("anchor_failed", { log: config.name, attempt, reason: String(error) });
        // The anchor's storage counts against the same quota. This round's waiters have their deadline.
        const rejected = this.#parts.rejectedByStorage(error);
        if (rejected !== null) this.rejectAll(rejected);
        await host.pause(ANCHOR_RETRY_MS[Math.min(attempt, ANCHOR_RETRY_MS.length - 1)] ?? 0);
      }
    }
  }

  /** Answers all waiters: there will be no round for them. */
  rejectAll(error: AppendError): void {
    for (const { resolve } of this.#pool.takeAll()) resolve(err(error));
  }
}

/**
 * Writes all rows of a round or of a creation, whose head the anchor does not hold yet. Call it inside a transaction.
 */
export function writeTree(deps: Pick<LogDeps, "storage" | "format">, newTree: NewTree | null, state: StateRow): void {
  if (newTree !== null) {
    writeEntries(deps, newTree.entries);
    writeCounts(deps.storage, newTree.counts, state.timestamp);
    writeEdge(deps.storage, newTree);
  }
  deps.storage.writeState(state, false);
}

function writeEntries({ storage, format }: Pick<LogDeps, "storage" | "format">, entries: NewTree["entries"]): void {
  for (const entry of entries) {
    storage.insertEntry(entry);
    storage.insertIdentity(entry.identity, {
      leafIndex: entry.leafIndex,
      timestamp: format.promisesTime ? entry.timestamp : null,
    });
    // Without a time: no SCT promises an entry in a form that it does not have.
    for (const form of entry.taken) storage.insertIdentity(form, { leafIndex: entry.leafIndex, timestamp: null });
  }
}

function writeEdge(storage: LogDeps["storage"], { edge, fullTiles }: NewTree): void {
  for (const { level, index, rows } of fullTiles) {
    if (level > 0) storage.writeEdge({ level, tileIndex: index, hashes: rows[0] ?? [] });
    const above = edge.tiles[level + 1]?.[0] ?? [];
    const aboveIndex = Math.floor((index + 1) / TILE_WIDTH);
    if (above.length > 0) storage.writeEdge({ level: level + 1, tileIndex: aboveIndex, hashes: above });
  }
}

/** Writes the counts of a round's writers, and deletes some that have ended: a row in, at most two rows out. */
function writeCounts(storage: LogDeps["storage"], counts: NewTree["counts"], now: UnixMs): void {
  for (const count of counts) storage.writeCount(count);
  // A count ends by the clock of the log service, which may lag behind.
  if (counts.length > 0) storage.forgetCounts(now - MAX_CLOCK_LAG_MS);
}
