// SPDX-License-Identifier: Apache-2.0
// A log: takes submissions, commits them round by round, serves its tail. Knows the protocol and no platform; sequencer.ts
// puts it into a Durable Object.
//
// The protocol, and what a crash leaves behind after each step:
//   1 take the pool, assign indices, hash, sign      nothing was written: the waiters fail, nobody saw an index
//   2 one transaction: entries, state, dedup, edge   durable as a whole or not at all; recovery finds the old or the new head
//   3 answer the waiters                             the output gate lets answers go only after 2 is durable
//   4 anchor.advance(from → to), beside the answers  recovery finds the anchor one head behind and sends it again
//   5 pause, next round                              not before 4 has succeeded: the anchor is never two heads behind
//   6 full tiles to R2, rows to D1, cursors          repeated from the cursors; create-only puts make repeating harmless
// There is no await from 1 to 3: nothing can interleave, and no index is given out twice.

import { encodeHex } from "../../shared/bytes/hex.ts";
import type { LogConfig } from "../../shared/logs.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { AppendError, Head } from "../../shared/rpc.ts";
import { describeTooNew } from "../../shared/sql/schema.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { type Edge, EMPTY_EDGE, edgeNodes } from "../../shared/tlog/edge.ts";
import type { Hash } from "../../shared/tlog/hash.ts";
import type { WitnessPolicy } from "../../shared/tlog/policy.ts";
import { rootHash } from "../../shared/tlog/proof.ts";
import { TILE_WIDTH } from "../../shared/tlog/tile.ts";
import { proveConsistency } from "./consistency.ts";
import type { LogFormat, Submission } from "./format.ts";
import { Maintenance } from "./maintenance.ts";
import { bounded, isDue, within } from "./patience.ts";
import { Pool } from "./pool.ts";
import type { AnchorPort, Host, ObjectStore, SearchIndex } from "./ports.ts";
import { checkNothingExists, checkOutside, type Recovered, type Refusal, readRows } from "./recover.ts";
import { type RestoredLog, restoreFromBackup } from "./restore.ts";
import { type KnownEntry, type NewTree, type Outcome, runRound } from "./round.ts";
import type { LogIdentity, LogStorage, State } from "./storage.ts";
import { type WitnessDeps, Witnesses } from "./witnesses.ts";

/** Lets the event loop take in requests between rounds: without it, those that are in starve those that are not. */
const PAUSE_MS = 4;
/** After that a waiter is told that the log is busy; its entry is out of the pool and will not be in the log. */
const WAITER_DEADLINE_MS = 10_000;
/** How far the clock may be behind the last timestamp before it is taken for wrong rather than skewed. */
const MAX_CLOCK_LAG_MS = 60_000;
/** How soon a start that failed is tried again. */
const RESTART_AFTER_MS = 1_000;
/** How long a caller waits for the log to be opened before it is told to come again. */
const OPENING_PATIENCE_MS = 5_000;
const ANCHOR_RETRY_MS = [10, 50, 250, 1_000, 2_000] as const;

const NOTHING = (): void => undefined;

export interface LogDeps {
  readonly config: LogConfig;
  readonly format: LogFormat;
  /** The entries a new log is created with: none, or the genesis entry. */
  readonly genesis: readonly Submission[];
  readonly storage: LogStorage;
  readonly objects: ObjectStore;
  readonly index: SearchIndex;
  readonly anchor: AnchorPort;
  readonly host: Host;
  /** The tail is copied to R2 so often at most. */
  readonly backupEveryMs: number;
  /** Null for a log without witnesses. */
  readonly witnessing: Witnessing | null;
}

/** Who cosigns the log's checkpoints, and whether an answer waits for them. */
export interface Witnessing {
  readonly policy: WitnessPolicy;
  readonly requireQuorum: boolean;
  readonly verify: WitnessDeps["verify"];
  readonly post: WitnessDeps["post"];
}

export type Phase =
  | { readonly kind: "starting"; readonly reason: string }
  | { readonly kind: "running" }
  | { readonly kind: "refusing"; readonly reason: string };

interface Waiter {
  readonly submission: Submission;
  readonly bytes: number;
  readonly resolve: (result: Result<Outcome, AppendError>) => void;
}

type Tail = Map<string, { readonly leafIndex: number; readonly timestamp: UnixMs }>;

export class Log {
  readonly #deps: LogDeps;
  readonly #pool = new Pool<Waiter>();
  readonly #maintenance: Maintenance;
  readonly #witnesses: Witnesses | null;
  #phase: Phase = { kind: "starting", reason: "the log has not been opened yet" };
  #identity: LogIdentity | null = null;
  #state: State | null = null;
  #edge: Edge = EMPTY_EDGE;
  #tail: Tail = new Map();
  #opening: Promise<void> | null = null;
  #nextOpening: UnixMs = unixMs(0);
  /** Of a log that is shown as its backup has it. */
  #restored: RestoredLog | null = null;
  /** A round has been committed and the anchor does not have it yet, or the pause after it is not over. */
  #isRoundUnderWay = false;

  constructor(ports: LogDeps) {
    const deps = { ...ports, ...bounded(ports, ports.host) };
    this.#deps = deps;
    this.#maintenance = new Maintenance(deps, {
      isUnwitnessed: () => this.#witnesses?.isBehind === true,
      isRunning: () => this.#phase.kind === "running",
      identity: () => this.#identity,
      state: () => this.#state,
      update: (state) => {
        this.#state = state;
      },
      forget: (end) => this.#forgetTail(end),
      refuse: (refusal) => this.#refuse(refusal),
    });
    this.#witnesses =
      deps.witnessing &&
      new Witnesses({
        ...deps.witnessing,
        host: deps.host,
        consistency: async (from, to) =>
          await proveConsistency({ ...deps, state: this.#openState(), edge: this.#edge }, from, to),
      });
  }

  get phase(): Phase {
    return this.#phase;
  }

  get identity(): LogIdentity | null {
    return this.#identity;
  }

  get state(): State | null {
    return this.#state;
  }

  /** How many identities are kept in memory. */
  get remembered(): number {
    return this.#tail.size;
  }

  /** What is shown in place of the log's own storage, null if that is what is shown. */
  get restored(): RestoredLog | null {
    return this.#restored;
  }

  get edge(): Edge {
    return this.#edge;
  }

  /** The head to show: the newest committed one, or the newest with a quorum of witnesses; null before the log's creation is complete. */
  get head(): Head | null {
    if (this.#state === null || this.#identity === null) return null;
    return this.#witnesses?.shown(this.#state) ?? this.#state;
  }

  #openState(): State {
    if (this.#state === null) throw new Error("the log is not open");
    return this.#state;
  }

  // ---- opening ----

  /** Opens the log if it is not open; resolves when that has succeeded or failed or takes too long (see phase). Does not reject. */
  async open(): Promise<void> {
    const { host } = this.#deps;
    if (this.#phase.kind !== "starting" || !isDue(this.#nextOpening, host.now(), RESTART_AFTER_MS)) return;
    if (this.#opening === null) {
      this.#opening = this.#open().finally(() => {
        this.#opening = null;
      });
      // Whoever asked first may be gone before it is done.
      host.keepAlive(this.#opening);
    }
    await within(host, OPENING_PATIENCE_MS, this.#opening).catch(() => undefined);
  }

  /** As open, but does not wait for stores outside where the rows have a head to show. */
  async openToRead(): Promise<void> {
    const opening = this.open();
    if (this.#identity === null) await opening;
  }

  async #open(): Promise<void> {
    const { host } = this.#deps;
    try {
      const opened = await this.#recover();
      if (!opened.ok) {
        this.#refuse(opened.error);
        return;
      }
      this.#phase = { kind: "running" };
      this.#maintenance.wake();
      if (this.#state !== null) this.#witnesses?.observe(this.#state);
    } catch (error) {
      // R2 or the anchor could not be reached. "Assume fine" is what forks logs: nothing is written until both answer.
      const reason = error instanceof Error ? error.message : String(error);
      this.#phase = { kind: "starting", reason };
      this.#nextOpening = unixMs(host.now() + RESTART_AFTER_MS);
      host.logLine("log_open_failed", { log: this.#deps.config.name, reason });
    }
  }

  async #recover(): Promise<Result<null, Refusal>> {
    const migrated = this.#deps.storage.migrate();
    if (!migrated.ok) return this.#showNewer(describeTooNew(migrated.error));
    const own = await this.#recoverRows();
    return own.ok ? own : err(await this.#showBackup(own.error));
  }

  async #recoverRows(): Promise<Result<null, Refusal>> {
    let rows = readRows(this.#deps);
    if (rows.ok && rows.value === null) {
      const absent = await checkNothingExists(this.#deps);
      if (!absent.ok) return absent;
      this.#create();
      rows = readRows(this.#deps);
    }
    if (!rows.ok) return rows;
    if (rows.value === null) throw new Error("the log was created and is not there");
    this.#show(rows.value);
    const outside = await checkOutside(this.#deps, rows.value);
    if (outside.ok) this.#identity = rows.value.identity;
    return outside;
  }

  /** A log that refuses is shown as its backup has it where that is more than its own rows show. Gives why it refuses. */
  async #showBackup(refusal: Refusal): Promise<Refusal> {
    const own = this.#identity === null ? null : this.#state;
    const restored = await restoreFromBackup(this.#deps, {
      creation: this.#identity?.creation ?? null,
      ownSize: own?.treeSize ?? 0,
      problem: refusal.reason,
    });
    if (restored === null) return refusal;
    this.#restored = restored;
    this.#state = restored.state;
    this.#edge = restored.edge;
    this.#identity = restored.identity;
    return restored.refusal;
  }

  /** Tables that a newer version has changed are not written, but read as far as they can be understood. */
  #showNewer(reason: string): Result<null, Refusal> {
    const rows = readRows(this.#deps);
    if (rows.ok && rows.value !== null) this.#show(rows.value);
    return err({ code: "log_refusing", reason });
  }

  #show({ identity, state, edge, tail }: Recovered): void {
    this.#state = state;
    this.#edge = edge;
    this.#tail = new Map(tail);
    // A log that has grown was opened before: its head may be read whatever else is out of reach. A new one stays unseen
    // until the anchor has it.
    if (state.treeSize > identity.genesisSize) this.#identity = identity;
  }

  /** Identity, genesis entry and first head in one transaction. */
  #create(): void {
    const { config, format, genesis, storage, host } = this.#deps;
    const createdAt = host.now();
    const { newTree } = runRound({
      edge: EMPTY_EDGE,
      submissions: genesis,
      timestamp: createdAt,
      format,
      findEarlier: () => null,
    });
    const { origin, baseUrl } = config;
    const genesisSize = genesis.length;
    storage.transactionSync(() => {
      storage.createLog({ creation: host.randomId(), origin, baseUrl, spki: format.spki, genesisSize, createdAt });
      const emptyHead = { treeSize: 0, rootHash: rootHash(0, edgeNodes(EMPTY_EDGE)) };
      const checkpoint = format.signCheckpoint(emptyHead, createdAt);
      const head = newTree?.head ?? { ...emptyHead, timestamp: createdAt, checkpoint };
      this.#writeTree(newTree, { ...head, previous: null, publishedTiles: 0, publishedRoot: null, indexed: 0 });
    });
  }

  /** Throws in an instance that a deploy has replaced: what it sees outside is its successor's work, and no reason to refuse. */
  #refuse({ reason }: Refusal): void {
    this.#deps.storage.touch();
    this.#phase = { kind: "refusing", reason };
    this.#deps.host.logLine("log_refusing", { log: this.#deps.config.name, reason });
    for (const { resolve } of this.#pool.takeAll()) resolve(err({ code: "log_refusing", reason }));
  }

  // ---- appending ----

  /** Resolves when the entry is committed (the output gate makes it durable before the answer leaves), or with why it is not. */
  async append(submission: Submission): Promise<Result<Outcome, AppendError>> {
    await this.open();
    const phase = this.#phase;
    if (phase.kind === "starting") return err({ code: "log_starting", reason: phase.reason });
    if (phase.kind === "refusing") return err({ code: "log_refusing", reason: phase.reason });
    const committed = await this.#enqueue(submission);
    return committed.ok && this.#deps.witnessing?.requireQuorum === true
      ? await this.#witnessed(committed.value)
      : committed;
  }

  async #enqueue(submission: Submission): Promise<Result<Outcome, AppendError>> {
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
      while (this.#phase.kind === "running" && !this.#pool.isEmpty) {
        const step = this.#commitRound();
        // Durable by now, or the object is gone: the transaction. Meanwhile entries may come into the pool, reads go on, and
        // maintenance may move its cursors; no other round can start.
        if (step !== null) await this.#anchorStep(step);
        await this.#deps.host.pause(PAUSE_MS);
      }
    } finally {
      this.#isRoundUnderWay = false;
    }
  }

  /** Steps 1 to 3. Gives what the anchor has to follow, null if nothing was written. */
  #commitRound(): { readonly from: State; readonly to: State } | null {
    const { format, host } = this.#deps;
    const waiters = this.#pool.takeRound();
    const from = this.#openState();
    const now = host.now();
    if (now < from.timestamp - MAX_CLOCK_LAG_MS) {
      const lag = err({ code: "clock_behind", lastTimestamp: from.timestamp, now } as const);
      for (const { resolve } of waiters) resolve(lag);
      return null;
    }
    try {
      const { newTree, outcomes } = runRound({
        edge: this.#edge,
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
    storage.transactionSync(() => this.#writeTree(newTree, to));
    this.#state = to;
    this.#edge = newTree.edge;
    // A log that remembers all looks into its rows: memory does not grow while D1 is away.
    const kept = this.#deps.format.remembersAll ? [] : newTree.entries;
    for (const { identity, leafIndex, timestamp } of kept) {
      this.#tail.set(encodeHex(identity), { leafIndex, timestamp });
    }
    this.#maintenance.wake();
    return to;
  }

  /** All rows of a round; called inside its transaction. */
  #writeTree(newTree: NewTree | null, state: State): void {
    const { storage, format } = this.#deps;
    for (const entry of newTree?.entries ?? []) {
      storage.insertEntry(entry);
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

  #findEarlier(identity: Hash): KnownEntry | null {
    if (!this.#deps.format.remembersAll) return this.#tail.get(encodeHex(identity)) ?? null;
    const leafIndex = this.#deps.storage.findDuplicate(identity);
    return leafIndex === null ? null : { leafIndex, timestamp: null };
  }

  /** Step 4: until the anchor has the new head, no further round; if it holds something else, none at all. */
  async #anchorStep(step: { readonly from: State; readonly to: State }): Promise<void> {
    const { anchor, host, config } = this.#deps;
    for (let attempt = 0; ; attempt++) {
      try {
        if (await anchor.advance(step)) {
          this.#witnesses?.observe(step.to);
          return;
        }
        this.#refuse({
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

  /** What is due once witnesses have to agree: the answer with their lines, or why it has none. */
  async #witnessed(outcome: Outcome): Promise<Result<Outcome, AppendError>> {
    const answer = (await this.#witnesses?.cosigned(outcome.answer)) ?? ok(outcome.answer);
    return answer.ok ? ok({ ...outcome, answer: answer.value }) : answer;
  }

  // ---- after the answers ----

  /** The alarm's work: whatever maintenance a crash or a failure left behind. */
  async catchUp(): Promise<void> {
    await this.open();
    const { kind } = this.#phase;
    if (kind === "refusing") return;
    if (kind === "running") await Promise.all([this.#maintenance.run(), this.#witnesses?.askAgain()]);
    // Not all of it may have been possible now, and no traffic may come to wake it.
    this.#maintenance.armAlarm();
  }

  #forgetTail(end: number): void {
    for (const [key, { leafIndex }] of this.#tail) if (leafIndex < end) this.#tail.delete(key);
  }
}
