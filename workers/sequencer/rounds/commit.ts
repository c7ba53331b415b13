// SPDX-License-Identifier: Apache-2.0
// The rounds of a log: waiting submissions become entries, indices and answers here, and nowhere else. Knows the protocol and no
// platform; log.ts opens the log and holds its memory.
//
// The protocol, and what a crash leaves behind after each step:
//   1 take the pool, assign indices, hash, sign      nothing was written: the waiters fail, nobody saw an index
//   2 one transaction: entries, state, dedup, edge   durable as a whole or not at all; recovery finds the old or the new head
//   3 answer the waiters                             the output gate lets answers go only after 2 is durable
//   4 anchor.advance(from → to), beside the answers  recovery finds the anchor one head behind and sends it again
//   5 next round, after a pause if some wait already not before 4 has succeeded: the anchor is never two heads behind
//   6 full tiles to R2, rows to D1, cursors          repeated from the cursors; create-only puts make repeating harmless
// There is no await from 1 to 3: nothing can interleave, and no index is given out twice.

import { err, ok, type Result } from "../../../shared/result.ts";
import type { AppendError } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import type { Edge } from "../../../shared/tlog/edge.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { Submission } from "../kinds/format.ts";
import type { LogDeps } from "../log.ts";
import type { Refusal } from "../recovery/recover.ts";
import type { State } from "../storage.ts";
import { Pool } from "./pool.ts";
import { type KnownEntry, type NewTree, type Outcome, runRound } from "./round.ts";

/** Lets the event loop take in requests between rounds: without it, those that are in starve those that are not. */
const PAUSE_MS = 4;
/** After that a waiter is told that the log is busy; its entry is out of the pool and will not be in the log. */
const WAITER_DEADLINE_MS = 10_000;
/** How far the clock may be behind the last timestamp before it is taken for wrong rather than skewed. */
const MAX_CLOCK_LAG_MS = 60_000;
const ANCHOR_RETRY_MS = [10, 50, 250, 1_000, 2_000] as const;

const NOTHING = (): void => undefined;

/** The log that the rounds grow. */
export interface GrowingLog {
  /** Only a log that agrees with its anchor and with R2 writes anything. */
  isRunning(): boolean;
  /** The newest committed tree. Throws if the log is not open. */
  tree(): { readonly state: State; readonly edge: Edge };
  /** Where an identity stands in the tail; asked of a log that does not remember all. */
  findEarlier(identity: Hash): KnownEntry | null;
  /** The transaction is over: the rows have this tree. */
  committed(state: State, newTree: NewTree): void;
  /** The anchor has this head: witnesses may see it. */
  anchored(head: State): void;
  refuse(refusal: Refusal): void;
}

interface Waiter {
  readonly submission: Submission;
  readonly bytes: number;
  readonly resolve: (result: Result<Outcome, AppendError>) => void;
}

export class Rounds {
  readonly #deps: LogDeps;
  readonly #log: GrowingLog;
  readonly #pool = new Pool<Waiter>();
  /** A round has been committed and the anchor does not have it yet, or the pause before the next one is not over. */
  #isRoundUnderWay = false;

  constructor(deps: LogDeps, log: GrowingLog) {
    this.#deps = deps;
    this.#log = log;
  }

  /** Resolves when the entry is committed or known to be there, or with why it is not. */
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
        // Takes the waiter and answers it before this returns: no deadline.
        this.#startRounds();
      } else {
        // By a timer of its own: the clock may be put back, and an idle object without timers can hibernate.
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

  /** Runs rounds until the pool is empty. The first one runs before this returns its promise: an idle log answers at once. */
  async #runRounds(): Promise<void> {
    try {
      while (this.#log.isRunning() && !this.#pool.isEmpty) {
        const step = this.#commitRound();
        // Durable by now, or the object is gone: the transaction. Meanwhile entries may come into the pool, reads go on, and
        // maintenance may move its cursors; no other round can start.
        if (step !== null) await this.#anchorStep(step);
        if (!this.#pool.isEmpty) await this.#deps.host.pause(PAUSE_MS);
      }
    } finally {
      this.#isRoundUnderWay = false;
    }
  }

  /** Steps 1 to 3. Gives what the anchor has to follow, null if nothing was written. */
  #commitRound(): { readonly from: State; readonly to: State } | null {
    const { format, host } = this.#deps;
    const waiters = this.#pool.takeRound();
    const { state: from, edge } = this.#log.tree();
    const now = host.now();
    if (now < from.timestamp - MAX_CLOCK_LAG_MS) {
      const lag = err({ code: "clock_behind", lastTimestamp: from.timestamp, now } as const);
      for (const { resolve } of waiters) resolve(lag);
      return null;
    }
    try {
      const { newTree, outcomes } = runRound({
        edge,
        submissions: waiters.map(({ submission }) => submission),
        timestamp: unixMs(Math.max(now, from.timestamp)),
        format,
        findEarlier: (identity) => this.#findEarlier(identity),
      });
      const to = newTree === null ? from : this.#commit(from, newTree);
      for (const [i, { resolve }] of waiters.entries()) {
        const outcome = outcomes[i];
        if (outcome === undefined) throw new RangeError("a waiter without an outcome");
        resolve(ok(outcome));
      }
      return newTree === null ? null : { from, to };
    } catch (error) {
      // Unknown state: nothing in memory is to be trusted. The waiters fail with the object, and the next call recovers.
      host.logLine("round_failed", { log: this.#deps.config.name, reason: String(error) });
      host.abort(`a round failed: ${String(error)}`);
      throw error;
    }
  }

  #commit(from: State, newTree: NewTree): State {
    const { storage } = this.#deps;
    const { treeSize, rootHash: root } = from;
    const to: State = { ...from, ...newTree.head, previous: { treeSize, rootHash: root } };
    storage.transactionSync(() => writeTree(this.#deps, newTree, to));
    this.#log.committed(to, newTree);
    return to;
  }

  #findEarlier(identity: Hash): KnownEntry | null {
    if (!this.#deps.format.remembersAll) return this.#log.findEarlier(identity);
    const leafIndex = this.#deps.storage.findDuplicate(identity);
    return leafIndex === null ? null : { leafIndex, timestamp: null };
  }

  /** Step 4: until the anchor has the new head, no further round; if it holds something else, none at all. */
  async #anchorStep(step: { readonly from: State; readonly to: State }): Promise<void> {
    const { anchor, host, config } = this.#deps;
    for (let attempt = 0; ; attempt++) {
      try {
        if (await anchor.advance(step)) {
          this.#log.anchored(step.to);
          return;
        }
        this.#log.refuse({
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

  /** Answers everybody who waits: there will be no round for them. */
  refuseAll(reason: string): void {
    for (const { resolve } of this.#pool.takeAll()) resolve(err({ code: "log_refusing", reason }));
  }
}

/** All rows of a round, or of a creation; called inside its transaction. */
export function writeTree(
  { storage, format }: Pick<LogDeps, "storage" | "format">,
  newTree: NewTree | null,
  state: State,
): void {
  for (const entry of newTree?.entries ?? []) {
    storage.insertEntry(entry, format.remembersAll ? null : entry.identity);
    if (format.remembersAll) storage.insertDedup(entry.leafHash, entry.leafIndex);
  }
  for (const { level, index, rows } of newTree?.fullTiles ?? []) {
    if (level > 0) storage.writeEdge({ level, tileIndex: index, hashes: rows[0] ?? [] });
    const above = newTree?.edge.tiles[level + 1]?.[0] ?? [];
    const aboveIndex = Math.floor((index + 1) / TILE_WIDTH);
    if (above.length > 0) storage.writeEdge({ level: level + 1, tileIndex: aboveIndex, hashes: above });
  }
  storage.writeState(state);
}
