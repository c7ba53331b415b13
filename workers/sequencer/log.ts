// SPDX-License-Identifier: Apache-2.0
// A log: takes submissions, commits them round by round, serves its tail. Knows the protocol and no platform; sequencer.ts
// puts it into a Durable Object. Its rounds, and what is durable after each step of them: commit.ts.

import { encodeHex } from "../../shared/bytes/hex.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { AppendError } from "../../shared/rpc/sequencer.ts";
import { describeTooNew } from "../../shared/sql/schema.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { type Edge, EMPTY_EDGE, edgeNodes } from "../../shared/tlog/edge.ts";
import type { SignedTreeHead } from "../../shared/tlog/head.ts";
import type { WitnessPolicy } from "../../shared/tlog/policy.ts";
import { rootHash } from "../../shared/tlog/proof.ts";
import type { AnchorPort, Host, ObjectStore, SearchIndex } from "./deps.ts";
import type { LogFormat, Submission } from "./kinds/format.ts";
import { bounded, isDue, within } from "./platform/deadlines.ts";
import { Maintenance } from "./publication/maintenance.ts";
import { checkNothingExists, checkOutside, type Recovered, type Refusal, readRows } from "./recovery/recover.ts";
import { type RestoredLog, restoreFromBackup } from "./recovery/restore.ts";
import { Rounds, writeTree } from "./rounds/commit.ts";
import { type NewTree, type Outcome, runRound } from "./rounds/round.ts";
import type { LogIdentity, LogStorage, State } from "./storage.ts";
import { proveConsistency } from "./witnessing/consistency.ts";
import { type WitnessDeps, Witnesses } from "./witnessing/witnesses.ts";

/** How soon a start that failed is tried again. */
const RESTART_AFTER_MS = 1_000;
/** How long a caller waits for the log to be opened before it is told to come again. */
const OPENING_PATIENCE_MS = 5_000;
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
  /** URL of the log that takes what this one does not take any more, null if there is none. */
  readonly successor: (now: UnixMs) => string | null;
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

type Tail = Map<string, { readonly leafIndex: number; readonly timestamp: UnixMs }>;

export class Log {
  readonly #deps: LogDeps;
  readonly #rounds: Rounds;
  readonly #maintenance: Maintenance;
  readonly #witnesses: Witnesses | null;
  #phase: Phase = { kind: "starting", reason: "the log has not been opened yet" };
  #identity: LogIdentity | null = null;
  #state: State | null = null;
  #frozenAt: UnixMs | null = null;
  #edge: Edge = EMPTY_EDGE;
  #tail: Tail = new Map();
  #opening: Promise<void> | null = null;
  #nextOpening: UnixMs = unixMs(0);
  /** Of a log that is shown as its backup has it. */
  #restored: RestoredLog | null = null;

  constructor(ports: LogDeps) {
    const deps = { ...ports, ...bounded(ports, ports.host) };
    this.#deps = deps;
    this.#rounds = new Rounds(deps, {
      isRunning: () => this.#phase.kind === "running",
      tree: () => ({ state: this.#openState(), edge: this.#edge }),
      findEarlier: (identity) => this.#tail.get(encodeHex(identity)) ?? null,
      committed: (state, newTree) => this.#take(state, newTree),
      anchored: (head) => this.#witnesses?.observe(head),
      refuse: (refusal) => this.#refuse(refusal),
    });
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

  /** When the log was frozen, null while it is not. */
  get frozenAt(): UnixMs | null {
    return this.#frozenAt;
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
  get head(): SignedTreeHead | null {
    if (this.#state === null || this.#identity === null) return null;
    return this.#witnesses?.shown(this.#state) ?? this.#state;
  }

  /** Size of the newest tree with a quorum of witnesses, as far as this instance knows; null without witnesses. */
  get witnessedSize(): number | null {
    return this.#witnesses?.cosignedSize ?? null;
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
      if (this.#deps.config.isFrozen && this.#frozenAt === null) this.#freeze();
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
      ownSize: own?.treeSize ?? null,
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

  #show({ identity, state, frozenAt, edge, tail }: Recovered): void {
    this.#state = state;
    this.#frozenAt = frozenAt;
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
      const state = { ...head, previous: null, publishedTiles: 0, publishedRoot: null, indexed: 0 };
      writeTree({ storage, format }, newTree, state);
    });
  }

  /**
   * Freezes the log for ever, before this instance has taken an entry: size and root stay those that the anchor holds, and the
   * checkpoint says that it is the last. One transaction: before it the next start freezes, after it the log is frozen. If it
   * throws, nobody knows which: the log is opened again, from its rows.
   */
  #freeze(): void {
    const { storage, format, host, config } = this.#deps;
    const state = this.#openState();
    const frozenAt = unixMs(Math.max(host.now(), state.timestamp));
    const frozen = { ...state, checkpoint: format.signFrozen(state, frozenAt) ?? state.checkpoint };
    storage.transactionSync(() => {
      storage.writeFrozen(frozenAt);
      storage.writeState(frozen);
    });
    this.#state = frozen;
    this.#frozenAt = frozenAt;
    host.logLine("log_frozen", { log: config.name, treeSize: frozen.treeSize, frozenAt });
  }

  /** Throws in an instance that a deploy has replaced: what it sees outside is its successor's work, and no reason to refuse. */
  #refuse({ reason }: Refusal): void {
    this.#deps.storage.touch();
    this.#phase = { kind: "refusing", reason };
    this.#deps.host.logLine("log_refusing", { log: this.#deps.config.name, reason });
    this.#rounds.refuseAll(reason);
  }

  // ---- appending ----

  /** Resolves when the entry is committed (the output gate makes it durable before the answer leaves), or with why it is not. */
  async append(submission: Submission): Promise<Result<Outcome, AppendError>> {
    await this.open();
    // Before anything else, and whatever the settings say by now: whoever writes is sent on, also from a log that is broken.
    if (this.#frozenAt !== null || this.#deps.config.isFrozen) {
      return err({ code: "log_frozen", writeTo: this.#deps.successor(this.#deps.host.now()) });
    }
    const phase = this.#phase;
    if (phase.kind === "starting") return err({ code: "log_starting", reason: phase.reason });
    if (phase.kind === "refusing") return err({ code: "log_refusing", reason: phase.reason });
    const committed = await this.#rounds.submit(submission);
    return committed.ok && this.#deps.witnessing?.requireQuorum === true
      ? await this.#witnessed(committed.value)
      : committed;
  }

  /** Memory follows the rows, in the turn of the transaction. */
  #take(state: State, { edge, entries }: NewTree): void {
    this.#state = state;
    this.#edge = edge;
    // A log that remembers all looks into its rows: memory does not grow while D1 is away.
    const kept = this.#deps.format.remembersAll ? [] : entries;
    for (const { identity, leafIndex, timestamp } of kept) {
      this.#tail.set(encodeHex(identity), { leafIndex, timestamp });
    }
    this.#maintenance.wake();
  }

  /** What is due once witnesses have to agree: the answer with their lines, or why it has none. */
  async #witnessed(outcome: Outcome): Promise<Result<Outcome, AppendError>> {
    const answer = (await this.#witnesses?.cosigned(outcome.answer)) ?? ok(outcome.answer);
    return answer.ok ? ok({ ...outcome, answer: answer.value }) : answer;
  }

  // ---- after the answers ----

  /** The alarm's work: whatever maintenance a crash or a failure left behind. */
  async catchUp(): Promise<void> {
    this.#maintenance.alarmRang();
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
