// SPDX-License-Identifier: Apache-2.0
// One simulated world: a log with its stores, clients that submit and retry, readers, and the forces that act on them.
// All of it follows from the seed.

import { createHash } from "node:crypto";
import { encodeHex } from "../../shared/bytes/hex.ts";
import type { SignedCertificateTimestamp } from "../../shared/ct/sct.ts";
import { backupSize } from "../../shared/logs/backup.ts";
import { type LogConfig, objectKey } from "../../shared/logs/config.ts";
import type { Appended, Duplicate } from "../../shared/rpc/sequencer.ts";
import { LOG_IDS } from "../../shared/search/index-writes.ts";
import type { SearchRow } from "../../shared/search/row.ts";
import { TERMS_VERSION } from "../../shared/search/terms.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import type { SignedTreeHead } from "../../shared/tlog/head.ts";
import type { Tail } from "../../workers/log/reading/cached-tail.ts";
import { signSct, toPrecertificate } from "../../workers/sequencer/kinds/certificate.ts";
import type { LogFormat, Submission } from "../../workers/sequencer/kinds/kind.ts";
import { SEQUENCER_KINDS } from "../../workers/sequencer/kinds/kinds.ts";
import { Log } from "../../workers/sequencer/log.ts";
import { LogStorage } from "../../workers/sequencer/storage.ts";
import type { StateRow } from "../../workers/sequencer/tables/state.ts";
import { readBundle, readEntry, readTile, type TailDeps } from "../../workers/sequencer/tables/tail.ts";
import { EMPTY_INDEX } from "../support/logs/index-dump.ts";
import { testLogs } from "../support/logs/memory-log.ts";
import { Checker } from "./checker.ts";
import { FaultPlan } from "./fault-plan.ts";
import { type GrownLog, grownLog } from "./grown-log.ts";
import { type Instance, ObjectRuntime } from "./object-runtime.ts";
import { Platform } from "./platform.ts";
import type { Profile } from "./profile.ts";
import type { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";
import { StolenKey } from "./stolen-key.ts";
import { finalForm, makeSubmission, type SimulatedSubmission } from "./submissions.ts";
import { simulatedEcdsa, simulatedEd25519 } from "./test-keys.ts";

const START = 1_790_000_000_000;
/** How long a caller waits before it retries. */
const CLIENT_TIMEOUT_MS = 20_000;
/** A waiter has 10 s; a starting object may take as long again, and then there may be a slow flush. */
const ANSWER_LIMIT_MS = 30_000;
const TRACE_LINES = 400;
/** More than the clients of a run make. */
const FIRST_STOLEN = 1_000_000_000;

/** Something that the log must never do. */
export class Violation extends Error {}

interface Answered {
  readonly answer: Appended | Duplicate;
  readonly sct: SignedCertificateTimestamp | null;
  /** The certificate that the SCT is for. */
  readonly certificate: SimulatedSubmission["certificate"];
  /** The time that the log promises for the entry, null if it promises none. */
  readonly promisedAt: UnixMs | null;
}

/** The answer of a log that was frozen at this size. */
interface Frozen {
  readonly frozenSize: number;
}

/** One simulated world. */
export class World {
  readonly scheduler = new Scheduler((label) => this.note(label));
  readonly plan: FaultPlan;
  readonly runtime: ObjectRuntime;
  readonly platform: Platform;
  readonly checker: Checker;
  readonly profile: Profile;
  readonly random: Random;
  readonly config: LogConfig;
  readonly known = new Map<string, SimulatedSubmission>();
  readonly trace: string[] = [];
  violation: Violation | null = null;
  isOver = false;
  /** A key that is stolen, and taken out of use during the run. */
  readonly stolen = new StolenKey();
  /** The object has lost its storage forever. */
  isLost = false;
  /** The largest head that a reader has received. */
  #headRead = 0;
  #numbers = 0;
  #stolenNumbers = 0;
  #clockOffset = 0;
  #frozenAt: number | null = null;
  #traceHash = createHash("sha256");
  readonly #format: LogFormat;
  readonly #genesis: readonly Submission[];
  /** Whether the settings of the newest deploy freeze the log. */
  #isFrozenInSettings = false;

  constructor(random: Random, profile: Profile) {
    this.random = random;
    this.profile = profile;
    this.config = testLogs[profile.kind];
    const kind = SEQUENCER_KINDS[profile.kind];
    const keys = { ecdsa: simulatedEcdsa, ed25519: simulatedEd25519 };
    const format = kind.createFormat(this.config.origin, keys);
    // Simulated bodies are texts, so what R2 has of an entry does not tell its terms.
    const searchOf = (record: Uint8Array): SearchRow | null =>
      this.known.get(encodeHex(format.readRecord(record).identity))?.search ?? null;
    this.#format = { ...format, readSearchRow: searchOf };
    this.#genesis = kind.createGenesis(this.config.origin, keys);
    this.plan = new FaultPlan(random);
    Object.assign(this.plan.rates, profile.rates);
    this.plan.isIndexGone = profile.index !== "kept";
    const violate = (what: string): void => this.violate(what);
    const count = (name: string): void => this.plan.count(name);
    const note = (line: string): void => this.note(line);
    const { scheduler } = this;
    this.runtime = new ObjectRuntime({
      scheduler,
      random,
      count,
      violate,
      trace: note,
      rates: { ...profile.object },
      clock: () => this.clock(),
      makeLog: (instance) => this.#makeLog(() => instance),
    });
    this.platform = new Platform({
      scheduler,
      random,
      plan: this.plan,
      violate,
      now: () => START + scheduler.now,
      runtime: () => this.runtime,
    });
    if (profile.hasHangingWitness) this.platform.hangingWitness = "w3";
    this.checker = new Checker({
      random,
      violate,
      config: this.config,
      objects: this.platform.objects,
      database: this.platform.d1.database,
      tail: () => this.#directTail(),
      known: this.known,
    });
    for (const submission of this.#genesis) {
      const { search } = submission;
      const identity = encodeHex(submission.identity);
      this.known.set(identity, { submission, search, hints: null, certificate: null, identity });
    }
    if (profile.isGrown) this.#startGrown(grownLog(this.config, this.#format));
  }

  #startGrown(grown: GrownLog): void {
    this.runtime.load(grown.storage);
    for (const [key, bytes] of grown.objects) this.platform.objects.set(key, bytes);
    this.platform.setAnchor(grown.head);
    const { treeSize } = grown.head;
    // The checker begins above: what matters of the rows below is how many entries they have.
    const { database } = this.platform.d1;
    database.prepare("INSERT INTO log (number, name) VALUES (1, ?)").run(this.config.name);
    for (let end = 256; end < treeSize + 256; end += 256) this.#insertEmptyBlock(Math.min(end, treeSize));
    for (const entry of grown.entries) this.known.set(entry.identity, entry);
    this.checker.startWith(grown);
  }

  /** A row of `block` whose entries have nothing to be found by. @param size of the log at its end */
  #insertEmptyBlock(size: number): void {
    const entries = ((size - 1) % 256) + 1;
    const bytes = (width: number): string => `zeroblob(${width * entries})`;
    const values = [
      "1",
      size,
      TERMS_VERSION,
      0,
      0,
      bytes(1),
      ...Array.from({ length: 8 }, () => bytes(6)),
      bytes(32),
      "'{}'",
    ];
    this.platform.d1.database.exec(
      `INSERT INTO block VALUES (${LOG_IDS} + ${Math.floor((size - 1) / 256)}, ${values.join(", ")})`,
    );
  }

  // ---- shared by all parts ----

  note(line: string): void {
    const text = `${this.scheduler.now.toFixed(1)} ${line}`;
    this.#traceHash.update(text);
    this.trace.push(text);
    if (this.trace.length > 2 * TRACE_LINES) this.trace.splice(0, TRACE_LINES);
  }

  /** Digest of all events so far: equal runs have equal digests. */
  get digest(): string {
    return this.#traceHash.copy().digest("hex");
  }

  violate(what: string): void {
    this.note(`VIOLATION: ${what}`);
    this.violation ??= new Violation(what);
  }

  clock(): UnixMs {
    return unixMs(START + Math.floor((this.#frozenAt ?? this.scheduler.now) + this.#clockOffset));
  }

  /** Sets the clock right. */
  resetClock(): void {
    this.#clockOffset = 0;
  }

  unfreezeClock(): void {
    this.#frozenAt = null;
  }

  moveClock(byMs: number): void {
    this.#clockOffset += byMs;
  }

  freezeClock(): void {
    this.#frozenAt = this.scheduler.now;
  }

  // ---- the object ----

  /** Deploys other settings. They come with new code, so no instance sees them change. */
  deployFrozen(isFrozen: boolean): void {
    this.note(`settings: ${isFrozen ? "frozen" : "not frozen"}`);
    this.plan.count(`settings: ${isFrozen ? "frozen" : "not frozen"}`);
    this.#isFrozenInSettings = isFrozen;
    this.runtime.deploy();
  }

  /** Whether the log rejects all writes, because its rows or the settings say that it is frozen. */
  get isFrozen(): boolean {
    return this.#isFrozenInSettings || (this.storedState !== null && this.#observerStorage().readFrozenAt() !== null);
  }

  #makeLog(instance: () => Instance): Log {
    const { config, platform, runtime } = this;
    const { witness } = this.profile;
    return new Log({
      config: { ...config, isFrozen: this.#isFrozenInSettings },
      format: this.#format,
      genesis: this.#genesis,
      storage: new LogStorage(runtime.storageOf(instance)),
      objects: platform.objectsOf(instance),
      index: platform.indexOf(instance),
      anchor: platform.anchorOf(instance),
      backupEveryMs: this.profile.backupEveryMs,
      maxStorageBytes: 1,
      witnessing: witness === "none" ? null : platform.witnessingOf(instance, witness === "required"),
      successor: () => null,
      host: runtime.hostOf(instance, (event, data) => {
        this.note(`${event} ${JSON.stringify(data)}`);
        // Nothing in this world damages a store, so a log that refuses was lost without reason.
        if (event === "log_refusing" && !this.isLost)
          this.violate(`the log refuses to write: ${String(data["reason"])}`);
      }),
    });
  }

  #tailDeps(instance: Instance, own: LogStorage): TailDeps {
    const { identity, state, edge, phase } = instance.log;
    if (identity === null || state === null) throw new Error(`no head: ${phase.kind}`);
    return { storage: instance.log.restored?.rows ?? own, format: this.#format, state, edge };
  }

  #observerStorage(): LogStorage {
    return new LogStorage({
      exec: (query, ...bindings) => this.runtime.storage.exec(query, bindings),
      transactionSync: () => {
        throw new Error("observers must not write");
      },
      sizeBytes: () => 0,
    });
  }

  /** The current instance's tail without turns and faults, for observers. Null if it has no head to show. */
  #directTail(): Tail | null {
    const instance = this.runtime.current;
    if (instance === null || instance.log.state === null || instance.log.identity === null) return null;
    const storage = this.#observerStorage();
    const deps = (): TailDeps => this.#tailDeps(instance, storage);
    return {
      head: async () => Promise.resolve(deps().state),
      readTile: async (level, index, width) => Promise.resolve(readTile(deps(), level, index, width)),
      readBundle: async (index, width) => Promise.resolve(readBundle(deps(), index, width)),
      readEntry: async (index) => Promise.resolve(readEntry(deps(), index)),
    };
  }

  /** Appends as the sequencer's RPC does. */
  async #append(
    instance: Instance,
    { submission, certificate }: SimulatedSubmission,
  ): Promise<Answered | Frozen | string> {
    const result = await instance.log.append(submission);
    if (!result.ok) {
      const { frozenAt, state } = instance.log;
      const isFinal = result.error.code === "log_frozen" && frozenAt !== null && state !== null;
      return isFinal ? { frozenSize: state.treeSize } : result.error.code;
    }
    const { answer, placement, isOtherForm } = result.value;
    if (certificate === null) {
      const isPromised = !this.#format.promisesTime || placement !== null;
      if (!isPromised) this.violate(`entry ${answer.leafIndex} has no time to promise`);
      return { answer, sct: null, certificate, promisedAt: placement?.timestamp ?? null };
    }
    if (placement === null) return "entry_in_other_form";
    const promised = isOtherForm ? toPrecertificate(certificate) : certificate;
    const sct = signSct(simulatedEcdsa, promised, placement);
    return { answer, sct, certificate: promised, promisedAt: sct.timestamp };
  }

  async #head(instance: Instance): Promise<SignedTreeHead> {
    await instance.log.openToRead();
    const head = instance.log.headOver(0);
    if (head === null) throw new Error("the log has no head yet");
    const { treeSize, rootHash, timestamp, checkpoint } = head;
    return { treeSize, rootHash, timestamp, checkpoint };
  }

  // ---- clients and readers ----

  /** Resolves to null if the caller's timeout comes first. */
  #withTimeout<T>(call: Promise<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const cancel = this.scheduler.schedule(CLIENT_TIMEOUT_MS, {
        label: "a caller gives up",
        run: () => resolve(null),
      });
      call.then(resolve, reject).finally(cancel);
    });
  }

  /** Submits once. Resolves to `ok`, an error's code, `timeout` or `failed`. */
  async submit(what: SimulatedSubmission): Promise<string> {
    try {
      const call = this.platform.callObject(
        "rpc.append",
        "append",
        (instance) => this.#append(instance, what),
        (answered) => {
          if (typeof answered === "string") return;
          if ("frozenSize" in answered) {
            this.checker.sawFrozen(answered.frozenSize);
            return;
          }
          this.note(`acknowledged ${answered.answer.leafIndex} ${answered.answer.kind}`);
          if (this.isLost) this.violate("a log that has lost its storage took an entry");
          const { certificate, answer, sct, promisedAt } = answered;
          this.checker.sawAnswer({ ...what, certificate }, answer, { sct, promisedAt });
        },
      );
      const result = await this.#withTimeout(call);
      if (result === null) return "timeout";
      if (typeof result === "string") return result;
      return "frozenSize" in result ? "log_frozen" : "ok";
    } catch {
      return "failed";
    }
  }

  /** The time at which the front end of the log decides: its machine is another one than the object's. */
  get frontTime(): UnixMs {
    return unixMs(START + Math.floor(this.scheduler.now));
  }

  /** A new entry with the stolen key, if the log lets it in. */
  async submitStolen(): Promise<string> {
    // A number that no client repeats.
    const what = this.#numbered(FIRST_STOLEN + this.#stolenNumbers++);
    const isAdmitted = this.stolen.tryEntry(this.frontTime, what.identity);
    this.plan.count(`stolen key: ${isAdmitted ? "let in" : "refused"}`);
    return isAdmitted ? await this.submit(what) : "policy_certificate_retired";
  }

  /** A new submission. */
  fresh(): SimulatedSubmission {
    return this.#numbered(this.#numbers++);
  }

  /**
   * The next submission of a client: sometimes one that was made before, sometimes a certificate in place of its
   * precertificate.
   */
  next(): SimulatedSubmission {
    const isRepeat = this.#numbers > 0 && this.random.chance(this.profile.duplicates);
    const what = isRepeat ? this.#numbered(this.random.below(this.#numbers)) : this.fresh();
    return (this.random.chance(0.3) ? finalForm(what) : null) ?? what;
  }

  #numbered(number: number): SimulatedSubmission {
    const what = makeSubmission(this.profile.kind, number);
    this.known.set(what.identity, what);
    return what;
  }

  /**
   * Reads the head. It must not be older than any head that was visible when the call was made or, where witnesses hold
   * heads back, than any head that was read.
   */
  async readHead(): Promise<SignedTreeHead | null> {
    const seenBefore = this.profile.witness === "none" ? this.checker.visible : this.#headRead;
    try {
      const left = (head: SignedTreeHead): void => {
        this.note(`head ${head.treeSize}`);
        this.checker.sawHead(head);
      };
      const head = await this.#withTimeout(
        this.platform.callObject("rpc.read", "head", (instance) => this.#head(instance), left),
      );
      if (head !== null && head.treeSize < seenBefore && !this.isLost) {
        this.violate(`a head of ${head.treeSize} is shown after one of ${seenBefore}`);
      }
      this.#headRead = Math.max(this.#headRead, head?.treeSize ?? 0);
      return head;
    } catch {
      return null;
    }
  }

  // ---- checks ----

  /** Checks after each step that no call waits too long. */
  checkAnswers(): void {
    const { current } = this.runtime;
    if (current === null) return;
    for (const { label, since } of current.pending) {
      if (label !== "alarm" && this.scheduler.now - since > ANSWER_LIMIT_MS) this.violate(`${label} is not answered`);
    }
  }

  /** The state in the rows, null before there is a log. */
  get storedState(): StateRow | null {
    const [row] = this.runtime.storage.exec("SELECT name FROM sqlite_master WHERE name = 'state'", []);
    return row === undefined ? null : this.#observerStorage().readState();
  }

  /** Checks that the anchor holds the newest durable head or its predecessor. */
  checkAnchor(): void {
    const state = this.storedState;
    const held = this.platform.anchored;
    if (state === null || held === null) return;
    const sizes = [state.treeSize, state.previous?.treeSize ?? 0];
    if (!sizes.includes(held.treeSize))
      this.violate(`the anchor holds ${held.treeSize}, the log has ${sizes.join(" after ")}`);
  }

  /** Ends the instance and deletes its storage. Calls that have left it are still on their way. */
  loseStorage(): void {
    this.note("the storage is lost");
    // If neither exists, nobody has seen the log, and it is created again.
    this.isLost = this.platform.anchored !== null || this.platform.objects.has(objectKey(this.config, "log.json"));
    const { current } = this.runtime;
    if (current !== null) this.runtime.end(current, "killed");
    this.runtime.clear();
  }

  /** Empties D1, as a database that was lost is created again. */
  loseIndex(): void {
    this.note("the index is lost");
    this.platform.d1.database.exec(EMPTY_INDEX);
    this.checker.index.startAt(0);
  }

  /** Checks that rows leave the object when R2 has them, whatever D1 has. */
  checkRows(): void {
    const state = this.storedState;
    const first = state === null ? null : this.#observerStorage().readFirstIndex();
    if (state === null || first === null) return;
    // Four tiles may keep their rows for D1.
    const kept = state.publishedTiles - Math.floor(first / 256);
    if (kept > 4) this.violate(`the object has the rows of ${kept} tiles that are in R2`);
  }

  /** The sizes of the backups that are in R2. */
  get backups(): readonly number[] {
    const prefix = objectKey(this.config, "");
    const sizes = [...this.platform.objects.keys()].map((key) => backupSize(key.slice(prefix.length)));
    return sizes.filter((size) => size !== null).toSorted((a, b) => a - b);
  }

  /** Ends all faults, and sets the clock right or, if the log's last timestamp is ahead, to that timestamp. */
  heal(): void {
    this.note("everything works again");
    this.plan.heal();
    this.runtime.storageRejects = null;
    // The bundles of a log's simulated past are not in R2, so its index could not be rebuilt.
    if (this.profile.index === "lost" && !this.profile.isGrown) this.loseIndex();
    this.runtime.setRates({ statementFails: 0, transactionFails: 0, killedInTurn: 0, slowFlush: 0, alarmLost: 0 });
    this.#frozenAt = null;
    const last = this.storedState?.timestamp ?? 0;
    this.#clockOffset = Math.max(0, this.#clockOffset, last - START - Math.floor(this.scheduler.now));
  }
}
