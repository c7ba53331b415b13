// SPDX-License-Identifier: Apache-2.0
// The rounds of a log. Here, and nowhere else, waiting submissions become entries, indices and answers. Knows the
// protocol and no platform. log.ts opens the log; memory.ts holds what is in memory.
//
// The protocol, and what a crash leaves behind after each step:
//   1 take the pool, assign indices, hash, sign      nothing was written; the waiters fail; nobody has seen an index
//   2 one transaction: entries, state, dedup, edge   durable whole or not at all: recovery finds the old or new head
//   3 answer the waiters                             the output gate lets answers leave only after 2 is durable
//   4 anchor.advance(from → to), beside the answers  recovery finds the anchor one head behind and sends the step again
//   5 next round, after a pause if entries wait      not before 4 has succeeded: the anchor is never two heads behind
//   6 full tiles to R2, rows to D1, cursors          repeated from the cursors; create-only puts make this harmless
// There is no await from 1 to 3: nothing can interleave, and no index is given out twice.

import { err, type Result } from "../../../shared/result.ts";
import type { AppendError } from "../../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { LogDeps } from "../deps.ts";
import type { Submission } from "../kinds/kind.ts";
import type { Refusal } from "../recovery/refusal.ts";
import type { StateRow } from "../storage.ts";
import type { LogMemory } from "./memory.ts";
import { Pool } from "./pool.ts";
import { type NewTree, type Outcome, runRound } from "./round.ts";

/**
 * Lets the event loop take in requests between rounds. Without it, waiting requests starve those that are still
 * arriving.
 */
const PAUSE_MS = 4;
/** After that a waiter is told that the log is busy. Its entry leaves the pool and will not be in the log. */
const WAITER_DEADLINE_MS = 10_000;
/** How far the clock may lag behind the last timestamp. Beyond that it is wrong, not skewed. */
const MAX_CLOCK_LAG_MS = 60_000;
const ANCHOR_RETRY_MS = [10, 50, 250, 1_000, 2_000] as const;

const NOTHING = (): void => undefined;

/** The other parts of the log that a round works with. */
export interface RoundParts {
  readonly memory: LogMemory;
  /** Woken by every commit. */
  readonly maintenance: { wake(): void };
  /** Sees a head only once the anchor holds it. */
  readonly witnesses: { observe(head: SignedTreeHead): void } | null;
  /** Stops the log. */
  readonly refuse: (refusal: Refusal) => void;
}

interface Waiter {
  readonly submission: Submission;
  readonly bytes: number;
  readonly resolve: (result: Result<Outcome, AppendError>) => void;
}

/** Collects submissions and commits them, one round at a time. */
export class Rounds {
  readonly #deps: LogDeps;
  readonly #parts: RoundParts;
  readonly #pool = new Pool<Waiter>();
  /** True from the start of a round until the anchor holds its head and the pause after it is over. */
  #isRoundUnderWay = false;

  constructor(deps: LogDeps, parts: RoundParts) {
    this.#deps = deps;
    this.#parts = parts;
  }

  /** Resolves when the entry is committed or found to be a duplicate, or with the reason why it is not in the log. */
  async submit(submission: Submission): Promise<Result<Outcome, AppendError>> {
    const { host } = this.#deps;
    return await new Promise((resolve) => {
      let cancelDeadline = NOTHING;
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
      } else if (!this.#isRoundUnderWay) {
        // Takes the waiter and answers it before this call returns, so it needs no deadline.
        this.#startRounds();
      } else {
        // A timer, not the clock: the clock may be put back, and an idle object without timers can hibernate.
        cancelDeadline = host.after(WAITER_DEADLINE_MS, () => {
          if (this.#pool.remove(waiter)) resolve(err({ code: "log_busy", retryAfterSeconds: 2 }));
        });
      }
    });
  }

  #startRounds(): void {
    this.#isRoundUnderWay = true;
    this.#deps.host.keepAlive(this.#runRounds());
  }

  /**
   * Runs rounds until the pool is empty. The first one runs before the promise is returned, so an idle log answers at
   * once.
   */
  async #runRounds(): Promise<void> {
    try {
      while (this.#parts.memory.isRunning && !this.#pool.isEmpty) {
        const step = this.#commitRound();
        // The transaction is durable by now, or the object is gone. During this await entries may join the pool, reads
        // go on and maintenance may move its cursors; no other round can start.
        if (step !== null) await this.#anchorStep(step);
        if (!this.#pool.isEmpty) await this.#deps.host.pause(PAUSE_MS);
      }
    } finally {
      this.#isRoundUnderWay = false;
    }
  }

  /** Runs steps 1 to 3. Returns the step that the anchor must follow, null if nothing was written. */
  #commitRound(): { readonly from: StateRow; readonly to: StateRow } | null {
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
        timestamp: unixMs(Math.max(now, from.timestamp)),
        format,
        findEarlier: (identity) => storage.findIdentity(identity),
        countOf: (budget) => storage.readCount(budget),
      });
      const to = newTree === null ? from : this.#commit(from, newTree);
      for (const [i, { resolve }] of waiters.entries()) {
        const outcome = outcomes[i];
        if (outcome === undefined) throw new RangeError("a waiter without an outcome");
        resolve(outcome);
      }
      return newTree === null ? null : { from, to };
    } catch (error) {
      // The state is unknown, so memory cannot be trusted. The waiters fail with the object, and the next call
      // recovers.
      host.logLine("round_failed", { log: this.#deps.config.name, reason: String(error) });
      host.abort(`a round failed: ${String(error)}`);
      throw error;
    }
  }

  #commit(from: StateRow, newTree: NewTree): StateRow {
    const { storage } = this.#deps;
    const { memory, maintenance } = this.#parts;
    const { treeSize, rootHash } = from;
    const to: StateRow = { ...from, ...newTree.head, previous: { treeSize, rootHash } };
    storage.transactionSync(() => writeTree(this.#deps, newTree, to));
    memory.commit(to, newTree);
    maintenance.wake();
    return to;
  }

  /** Runs step 4: no further round until the anchor holds the new head, and none at all if it holds another one. */
  async #anchorStep(step: { readonly from: StateRow; readonly to: StateRow }): Promise<void> {
    const { anchor, host, config } = this.#deps;
    const { witnesses, refuse } = this.#parts;
    for (let attempt = 0; ; attempt++) {
      try {
        if (await anchor.advance(step)) {
          witnesses?.observe(step.to);
          return;
        }
        refuse({
          code: "log_refusing",
          reason: "the anchor holds another tree head than this log: a second copy of it is running; open a new log",
        });
        return;
      } catch (error) {
        host.logLine("anchor_failed", { log: config.name, attempt, reason: String(error) });
        await host.pause(ANCHOR_RETRY_MS[Math.min(attempt, ANCHOR_RETRY_MS.length - 1)] ?? 0);
      }
    }
  }

  /** Answers all waiters: there will be no round for them. */
  refuseAll(reason: string): void {
    for (const { resolve } of this.#pool.takeAll()) resolve(err({ code: "log_refusing", reason }));
  }
}

/** Writes all rows of a round or of a creation. Call it inside a transaction. */
export function writeTree(deps: Pick<LogDeps, "storage" | "format">, newTree: NewTree | null, state: StateRow): void {
  if (newTree !== null) {
    writeEntries(deps, newTree.entries);
    writeCounts(deps.storage, newTree.counts, state.timestamp);
    writeEdge(deps.storage, newTree);
  }
  deps.storage.writeState(state);
}

function writeEntries({ storage, format }: Pick<LogDeps, "storage" | "format">, entries: NewTree["entries"]): void {
  for (const entry of entries) {
    storage.insertEntry(entry);
    storage.insertIdentity(entry.identity, {
      leafIndex: entry.leafIndex,
      timestamp: format.promisesTime ? entry.timestamp : null,
    });
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
