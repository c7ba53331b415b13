// SPDX-License-Identifier: Apache-2.0
// A log: takes submissions, commits them in rounds and serves its tail. Knows the protocol and no platform;
// sequencer.ts puts it into a Durable Object. What is durable after each step of a round: rounds/commit.ts.

import { err, ok, type Result } from "../../shared/result.ts";
import type { AppendError } from "../../shared/rpc/sequencer.ts";
import { describeTooNew } from "../../shared/sql/schema.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import type { Edge } from "../../shared/tlog/edge.ts";
import type { SignedTreeHead } from "../../shared/tlog/head.ts";
import type { LogDeps } from "./deps.ts";
import type { Submission } from "./kinds/kind.ts";
import { isDue, withDeadline, withDeadlines } from "./platform/deadlines.ts";
import { Maintenance } from "./publication/maintenance.ts";
import { NamedObjects } from "./publication/named-objects.ts";
import {
  checkKeys,
  checkNothingExists,
  checkOutside,
  isShowable,
  type Recovered,
  readRows,
} from "./recovery/recover.ts";
import type { Refusal } from "./recovery/refusal.ts";
import { type RestoredLog, restoreFromBackup } from "./recovery/restore.ts";
import { Capacity } from "./rounds/capacity.ts";
import { Rounds } from "./rounds/commit.ts";
import { createLog } from "./rounds/creation.ts";
import { freezeLog } from "./rounds/freezing.ts";
import { refreshHead } from "./rounds/fresh-head.ts";
import { LogMemory, type Phase } from "./rounds/memory.ts";
import type { Outcome } from "./rounds/round.ts";
import type { LogIdentity } from "./tables/log.ts";
import type { StateRow } from "./tables/state.ts";
import { proveToWitness } from "./witnessing/consistency.ts";
import { Witnesses } from "./witnessing/witnesses.ts";

/** How soon a failed start is tried again. */
const RESTART_AFTER_MS = 1_000;
/** How long a caller waits for the log to open. After that it is told to retry. */
const OPENING_DEADLINE_MS = 5_000;

/** One log. Starts closed: every call opens it first, or reports why it cannot be opened. */
export class Log {
  readonly #deps: LogDeps;
  readonly #memory: LogMemory;
  readonly #witnesses: Witnesses | null;
  readonly #maintenance: Maintenance;
  readonly #rounds: Rounds;
  readonly #capacity: Capacity;
  readonly #named: NamedObjects;
  #opening: Promise<void> | null = null;
  #nextOpening: UnixMs = unixMs(0);
  /** Resolved when the log has a head to show. */
  readonly #readable = Promise.withResolvers<void>();

  constructor(ports: LogDeps) {
    const deps = { ...ports, ...withDeadlines(ports, ports.host) };
    const memory = new LogMemory();
    const witnesses =
      deps.witnessing &&
      new Witnesses({
        ...deps.witnessing,
        host: deps.host,
        save: (cosigned) => {
          if (!memory.isRunning) throw new Error("the log does not run");
          deps.storage.transactionSync(() => deps.storage.writeCosigned(cosigned));
        },
        consistency: async (from, to) =>
          await proveToWitness({ ...deps, state: memory.openState(), edge: memory.edge }, from, to),
      });
    const refuse = (refusal: Refusal): void => this.#refuse(refusal);
    const maintenance = new Maintenance(deps, { memory, witnesses, refuse });
    this.#deps = deps;
    this.#memory = memory;
    this.#witnesses = witnesses;
    this.#maintenance = maintenance;
    this.#capacity = new Capacity(deps);
    this.#named = new NamedObjects(deps);
    this.#rounds = new Rounds(deps, {
      memory,
      maintenance,
      witnesses,
      refuse,
      rejectedByStorage: (error) => this.#explainStorageError(error),
    });
  }

  get phase(): Phase {
    return this.#memory.phase;
  }

  /** Null until the log may be shown. */
  get identity(): LogIdentity | null {
    return this.#memory.identity;
  }

  /** The newest state that the anchor holds, null before the rows were read. */
  get state(): StateRow | null {
    return this.#memory.state;
  }

  /** How full the storage is, and why it takes no entry now. */
  get storage(): { readonly bytes: number; readonly limitBytes: number; readonly fault: Capacity["fault"] } {
    const { storage, maxStorageBytes } = this.#deps;
    return { bytes: storage.sizeBytes(), limitBytes: maxStorageBytes, fault: this.#capacity.fault };
  }

  /** When the log was frozen, null if it was not. */
  get frozenAt(): UnixMs | null {
    return this.#memory.frozenAt;
  }

  /** The backup that is shown instead of the log's own rows, null if the rows are shown. */
  get restored(): RestoredLog | null {
    return this.#memory.restored;
  }

  get edge(): Edge {
    return this.#memory.edge;
  }

  /**
   * The head to show: the newest that the anchor holds, or the newest with a quorum of witnesses. Null until the anchor
   * holds one.
   */
  get head(): SignedTreeHead | null {
    const { state, identity } = this.#memory;
    if (state === null || identity === null) return null;
    return this.#witnesses?.chooseHead(state) ?? state;
  }

  /**
   * Signs the head again if that is due. Returns the head that proves entries below `minTreeSize`: the newest cosigned
   * one if it holds them, otherwise the newest. Null as `head`.
   */
  headOver(minTreeSize: number): SignedTreeHead | null {
    refreshHead(this.#deps, this.#memory);
    const { state, identity } = this.#memory;
    const shown = this.head;
    if (state === null || identity === null || shown === null || shown.treeSize >= minTreeSize) return shown;
    return this.#witnesses?.headOver(state, minTreeSize) ?? state;
  }

  /** Whether the head of an answer is shown to the public at once: no witness is missing in it. */
  get showsAnswers(): boolean {
    const { witnessing } = this.#deps;
    return witnessing === null || witnessing.requireQuorum;
  }

  /** Size of the newest tree with a quorum of witnesses that this instance knows of. Null without witnesses. */
  get witnessedSize(): number | null {
    return this.#witnesses?.cosignedSize ?? null;
  }

  // ---- opening ----

  /**
   * Opens the log if it is closed. Resolves when that has succeeded, failed or taken 5 s (see phase). Does not reject.
   */
  async open(): Promise<void> {
    const { host } = this.#deps;
    if (this.#memory.phase.kind !== "starting" || !isDue(this.#nextOpening, host.now(), RESTART_AFTER_MS)) return;
    if (this.#opening === null) {
      this.#opening = this.#open().finally(() => {
        this.#opening = null;
      });
      // The caller may be gone before the log is open.
      host.keepAlive(this.#opening);
    }
    await withDeadline(host, OPENING_DEADLINE_MS, this.#opening).catch(() => undefined);
  }

  /** Opens the log, but waits no longer than until there is a head to show. */
  async openToRead(): Promise<void> {
    const opening = this.open();
    if (this.#memory.identity === null) await Promise.race([opening, this.#readable.promise]);
  }

  async #open(): Promise<void> {
    const { host, config } = this.#deps;
    const memory = this.#memory;
    try {
      const opened = await this.#recover();
      if (!opened.ok) {
        this.#refuse(opened.error);
        return;
      }
      if (config.isFrozen && memory.frozenAt === null) freezeLog(this.#deps, memory);
      memory.phase = { kind: "running" };
      this.#maintenance.wake();
      if (memory.state !== null) this.#witnesses?.observe(memory.state);
    } catch (error) {
      // R2 or the anchor could not be reached. To assume that all is well is what forks logs: write nothing until both
      // answer.
      const reason = error instanceof Error ? error.message : String(error);
      this.#capacity.note(error);
      memory.phase = { kind: "starting", reason };
      this.#nextOpening = unixMs(host.now() + RESTART_AFTER_MS);
      host.logLine("log_open_failed", { log: config.name, reason });
    }
  }

  async #recover(): Promise<Result<null, Refusal>> {
    const migrated = this.#deps.storage.migrate((record) => this.#deps.format.readRecord(record).identity);
    if (!migrated.ok) return await this.#showNewer(describeTooNew(migrated.error));
    const own = await this.#recoverRows();
    return own.ok ? own : err(await this.#showBackup(own.error));
  }

  async #recoverRows(): Promise<Result<null, Refusal>> {
    let rows = readRows(this.#deps);
    if (rows.ok && rows.value === null) {
      const absent = await checkNothingExists(this.#deps);
      if (!absent.ok) return absent;
      createLog(this.#deps);
      rows = readRows(this.#deps);
    }
    if (!rows.ok) return rows;
    if (rows.value === null) throw new Error("the log was created but has no rows");
    this.#load(rows.value);
    const anchored = await this.#deps.anchor.read();
    // Before R2 is asked: reads do not wait for it.
    if (isShowable(rows.value, anchored)) this.#show(rows.value.identity);
    const keys = checkKeys(rows.value, this.#deps);
    if (!keys.ok) return keys;
    const outside = await checkOutside(this.#deps, rows.value, anchored);
    if (outside.ok) this.#show(rows.value.identity);
    return outside;
  }

  #load(recovered: Recovered): void {
    this.#memory.load(recovered);
    if (recovered.cosigned !== null) this.#witnesses?.restore(recovered.cosigned, recovered.state);
  }

  /** Lets readers see the head of the rows. */
  #show(identity: LogIdentity): void {
    this.#memory.identity = identity;
    this.#readable.resolve();
  }

  /** Shows the backup of a log that refuses, if it has more entries than the rows. Returns why the log refuses. */
  async #showBackup(refusal: Refusal): Promise<Refusal> {
    const { identity, state } = this.#memory;
    const restored = await restoreFromBackup(this.#deps, {
      creation: identity?.creation ?? null,
      ownSize: identity === null ? null : (state?.treeSize ?? null),
      problem: refusal.reason,
    });
    if (restored === null) return refusal;
    this.#memory.loadBackup(restored);
    return restored.refusal;
  }

  /** Reads tables of a newer version as far as this version understands them. They are never written. */
  async #showNewer(reason: string): Promise<Result<null, Refusal>> {
    const rows = readRows(this.#deps);
    if (rows.ok && rows.value !== null) {
      this.#load(rows.value);
      const anchored = await this.#deps.anchor.read().catch(() => undefined);
      if (anchored !== undefined && isShowable(rows.value, anchored)) this.#show(rows.value.identity);
    }
    return err({ code: "log_refusing", reason });
  }

  /**
   * Stops writing. Throws in an instance that a deploy has replaced: what it sees outside is its successor's work and
   * no reason to refuse.
   */
  #refuse({ reason }: Refusal): void {
    const { storage, host, config } = this.#deps;
    storage.touch();
    this.#memory.phase = { kind: "refusing", reason };
    host.logLine("log_refusing", { log: config.name, reason });
    this.#rounds.rejectAll({ code: "log_refusing", reason });
  }

  /**
   * Takes the error of a failed transaction. If the storage is full or over its quota, stops appending for a while, and
   * returns the answer for the waiters. Memory follows only transactions that succeeded; if this one took effect all
   * the same, the next round finds its index taken and drops the object. Returns null for any other error.
   */
  #explainStorageError(error: unknown): AppendError | null {
    const { host, config } = this.#deps;
    const answer = this.#capacity.note(error);
    if (answer === null) return null;
    host.logLine("storage_rejects", { log: config.name, code: answer.code, reason: String(error) });
    return answer;
  }

  // ---- appending ----

  /**
   * Appends an entry. Resolves when it is committed, or with the reason why it is not. The output gate makes it durable
   * before the answer leaves.
   */
  async append(submission: Submission): Promise<Result<Outcome, AppendError>> {
    await this.open();
    const unstored = await this.#storeNamed(submission);
    if (unstored !== null) return err(unstored);
    const { phase, frozenAt } = this.#memory;
    const { config, host, successor, witnessing } = this.#deps;
    // First of all checks, whatever the settings say now: writers are sent on even from a log that is broken.
    if (frozenAt !== null || config.isFrozen) {
      return err({ code: "log_frozen", writeTo: successor(host.now()) });
    }
    const { error } = this.#capacity;
    if (error !== null && phase.kind !== "refusing") return err(error);
    if (phase.kind === "starting") return err({ code: "log_starting", reason: phase.reason });
    if (phase.kind === "refusing") return err({ code: "log_refusing", reason: phase.reason });
    const committed = await this.#rounds.submit(submission);
    return committed.ok && witnessing?.requireQuorum === true ? await this.#awaitQuorum(committed.value) : committed;
  }

  /** Stores what the entry names. Returns the answer if R2 could not be reached: nothing of the entry is written. */
  async #storeNamed({ namedObjects }: Submission): Promise<AppendError | null> {
    const { host, config } = this.#deps;
    if (!this.#memory.isRunning || config.isFrozen || this.#named.has(namedObjects)) return null;
    try {
      // The log can freeze or refuse during this await; append() looks at the phase afterwards.
      const stored = await this.#named.store(namedObjects);
      if (!stored.ok) this.#refuse(stored.error);
      return null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      host.logLine("issuers_not_stored", { log: config.name, reason });
      return { code: "log_starting", reason };
    }
  }

  /** Adds the witnesses' lines to an answer, or fails if they are missing. */
  async #awaitQuorum(outcome: Outcome): Promise<Result<Outcome, AppendError>> {
    const answer = (await this.#witnesses?.cosign(outcome.answer)) ?? ok(outcome.answer);
    return answer.ok ? ok({ ...outcome, answer: answer.value }) : answer;
  }

  // ---- after the answers ----

  /** Does the alarm's work: the maintenance that a crash or a failure left undone. */
  async catchUp(): Promise<void> {
    this.#maintenance.recordAlarm();
    await this.open();
    const { kind } = this.#memory.phase;
    if (kind === "refusing") return;
    if (kind === "running") {
      await Promise.all([this.#maintenance.run(), this.#witnesses?.askAgain()]);
      this.#maintenance.saveCursor();
    }
    // Some of it may have failed, and there may be no traffic to wake the log.
    this.#maintenance.armAlarm();
  }
}
