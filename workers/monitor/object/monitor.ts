// SPDX-License-Identifier: Apache-2.0
// The Durable Object of all watches of a deployment. It is woken after entries were added, looks at what the logs show
// then, and delivers; each wake-up does a limited amount of work, and its alarm goes on with the rest. While nobody
// adds entries and no message waits, it sleeps.

import { DurableObject } from "cloudflare:workers";
import { createFetchOutside, type PlatformFetch } from "../../../shared/http/outside.ts";
import { makeEvent } from "../../../shared/monitor/event.ts";
import { SECRET_BYTES } from "../../../shared/oauth/seal/secrets.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type {
  MonitorRpc,
  MonitorState,
  PersonalChange,
  PersonalChannel,
  PersonalWatch,
  PersonalWatchError,
} from "../../../shared/rpc/monitor.ts";
import { blob, buffer } from "../../../shared/sql/columns.ts";
import { describeTooNew, migrate, type SchemaTooNew } from "../../../shared/sql/schema.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { createPostMail } from "../delivery/mail.ts";
import { type SendDeps, send, sendTest } from "../delivery/send.ts";
import { type Config, type MonitorEnv, readConfig } from "../env.ts";
import { makeStopLink } from "../site/sealing.ts";
import type { Term } from "../watching/terms.ts";
import { PERSONAL_PREFIX, type Watch } from "../watching/watch.ts";
import { WatchIndex } from "../watching/watch-index.ts";
import { type CourierDeps, deliverDue } from "./courier.ts";
import { CursorTable } from "./cursor-table.ts";
import { EndedTable } from "./ended-table.ts";
import { beginAt, type FollowerDeps, lookAtLogs } from "./follower.ts";
import { describeLags, Heartbeat } from "./heartbeat.ts";
import { CauseTable, listCauses } from "./operator-causes.ts";
import { type Delivery, OutboxTable } from "./outbox-table.ts";
import { MONITOR_SCHEMA, type MonitorStorage } from "./storage.ts";
import { addressOf, WatchTable } from "./watch-table.ts";

/** From a wake-up to the look: the certificate and the entry of one signature are seen together. */
const LOOK_DELAY_MS = 5_000;
/** A log that did not answer, or did not show yet what woke the monitor. */
const LOOK_AGAIN_MS = 30_000;
/** The operator learns of a problem within so long, while entries are added. */
const CHECK_EVERY_MS = 600_000;
/** Nobody watches: wake-ups may stay away for so long, which a first watch makes good. */
const UNWATCHED_MS = 5_000;

/** Every method rejects if a setting is wrong, or if a newer version has migrated the tables. */
export class Monitor extends DurableObject<MonitorEnv> implements Omit<MonitorRpc, keyof Rpc.DurableObjectBranded> {
  readonly #config: Config;
  readonly #storage: DurableObjectStorage;
  readonly #migrated: Result<null, SchemaTooNew>;
  readonly #cursors: CursorTable;
  readonly #outbox: OutboxTable;
  readonly #index: WatchIndex;
  readonly #watchesById: ReadonlyMap<string, Watch>;
  readonly #sending: SendDeps;
  readonly #tables: MonitorStorage;
  readonly #watches: WatchTable;
  readonly #heartbeat: Heartbeat;
  readonly #causes: CauseTable;
  readonly #ended: EndedTable;
  #checkAt = unixMs(0);
  #isWoken = false;

  constructor(ctx: DurableObjectState, env: MonitorEnv) {
    super(ctx, env);
    const config = readConfig(env);
    if (!config.ok) throw new Error(config.error.problems.join("; "));
    this.#config = config.value;
    this.#storage = ctx.storage;
    this.#tables = {
      exec: (query, ...bindings) => ctx.storage.sql.exec(query, ...bindings).toArray(),
      transactionSync: (run) => ctx.storage.transactionSync(run),
    };
    this.#migrated = migrate(this.#tables, MONITOR_SCHEMA);
    this.#cursors = new CursorTable(this.#tables);
    this.#outbox = new OutboxTable(this.#tables);
    this.#watches = new WatchTable(this.#tables);
    this.#causes = new CauseTable(this.#tables);
    this.#ended = new EndedTable(this.#tables);
    this.#heartbeat = new Heartbeat(this.#cursors);
    if (this.#migrated.ok) {
      this.#cursors.load();
      this.#ended.load();
    }
    const { watches, operator, neighborhood, mail } = config.value;
    this.#index = new WatchIndex(watches);
    this.#watchesById = new Map([...watches, ...(operator === null ? [] : [operator])].map((one) => [one.id, one]));
    const fetchOutside = createFetchOutside({ ...neighborhood, fetch: platformFetch });
    const postMail = mail === null ? null : createPostMail(mail, fetchOutside, (id) => this.#makeStopLink(id));
    this.#sending = { fetchOutside, postMail, now };
  }

  async wake(): Promise<UnixMs> {
    this.#checkTables();
    if (!this.#isWatching()) {
      this.#cursors.clear();
      return unixMs(now() + UNWATCHED_MS);
    }
    this.#isWoken = true;
    return await this.#schedule(now() + LOOK_DELAY_MS);
  }

  async readState(): Promise<MonitorState> {
    this.#checkTables();
    const isWatching = this.#isWatching();
    const heads = isWatching ? await this.#config.logs.readHeads() : [];
    const logs = this.#heartbeat.read(heads, now());
    // A lost wake-up is made good by whoever asks.
    if (logs.some(({ behindSince }) => behindSince !== null)) await this.#schedule(now() + LOOK_DELAY_MS);
    return { isWatching, logs, ...this.#outbox.summarize(), problems: describeLags(logs, now()) };
  }

  async readSealSecret(): Promise<Uint8Array> {
    this.#checkTables();
    const [row] = this.#tables.exec("SELECT bytes FROM secret");
    if (row !== undefined) return blob(row, "bytes");
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
    this.#tables.exec("INSERT INTO secret (id, bytes) VALUES (1, ?)", buffer(secret));
    return secret;
  }

  async listWatches(name: string): Promise<readonly PersonalWatch[]> {
    this.#checkTables();
    return this.#watches.list(name).map(({ id, channel, createdAt }) => {
      const { failingSince, pausedAt, reason } = this.#outbox.readDelivery(id);
      const isDigest = channel.kind === "mail" && channel.isDigest;
      const pending = this.#outbox.count(id);
      const { kind } = channel;
      return { id, kind, address: addressOf(channel), isDigest, createdAt, pending, failingSince, pausedAt, reason };
    });
  }

  async addWatch(name: string, channel: PersonalChannel): Promise<Result<null, PersonalWatchError>> {
    this.#checkTables();
    // A watch is about what comes after it: cursors that are only in memory are stored, or set at the ends of the logs.
    const heads = this.#cursors.isEmpty ? await this.#config.logs.readHeads() : [];
    const added = this.#tables.transactionSync(() => {
      if (this.#cursors.isEmpty) beginAt(this.#followerDeps(), heads, 0);
      this.#cursors.saveAll();
      return this.#watches.add({ id: `${PERSONAL_PREFIX}${crypto.randomUUID()}`, name, channel }, now());
    });
    if (heads.length > 0) await this.#schedule(now() + UNWATCHED_MS + LOOK_DELAY_MS);
    return added;
  }

  async changeWatch(name: string, id: string, change: PersonalChange): Promise<Result<null, PersonalWatchError>> {
    this.#checkTables();
    const watch = this.#watches.list(name).find((one) => one.id === id);
    if (watch === undefined) return err({ code: "watch_unknown" });
    if (change === "stop") await this.endWatch(id);
    if (change === "resume") {
      this.#outbox.resume(id);
      await this.#schedule(now());
    }
    if (change !== "test") return ok(null);
    const sent = await sendTest(this.#sending, watch);
    return sent.ok ? ok(null) : err({ code: "receiver_failed", reason: sent.error });
  }

  async endWatch(id: string): Promise<boolean> {
    this.#checkTables();
    const configured = this.#watchesById.get(id);
    return this.#tables.transactionSync(() => {
      this.#outbox.remove(id);
      return configured === undefined ? this.#watches.remove(id) : this.#endConfigured(configured);
    });
  }

  /** Only a mail has a link that ends it. The operator is told: nobody else learns that a team is told nothing. */
  #endConfigured({ id, channel }: Watch): boolean {
    if (channel.kind !== "mail") return false;
    this.#ended.end(id, channel.to);
    const details = { channel: id, since: now(), reason: "its recipient has ended the mails", pending: 0 };
    const operator = this.#findOperator();
    if (operator !== null)
      this.#outbox.push(operator.id, makeEvent("delivery.failed", { at: now(), log: null, details }));
    return true;
  }

  /** Whom OPERATOR_ALERTS names, unless they have ended their mails. */
  #findOperator(): Watch | null {
    const { operator } = this.#config;
    return operator === null || this.#ended.has(operator) ? null : operator;
  }

  override async alarm(): Promise<void> {
    // Rows of a newer version are that version's work.
    if (!this.#migrated.ok) return;
    const lookAgainAt = this.#isWatching() ? await this.#look() : null;
    const checkAgainAt = await this.#checkDeployment();
    await deliverDue(this.#courierDeps());
    const attemptAt = this.#outbox.nextAttemptAt();
    const times = [lookAgainAt, checkAgainAt, attemptAt].filter((time) => time !== null);
    if (times.length > 0) await this.#schedule(Math.max(now(), Math.min(...times)));
  }

  /**
   * Tells the operator what is wrong with the deployment, at most so often. Returns when to check again: while
   * something is wrong, so that its end is told too.
   */
  async #checkDeployment(): Promise<number | null> {
    const { logs, trust } = this.#config;
    const operator = this.#findOperator();
    if (operator === null) return null;
    if (now() < this.#checkAt) return this.#causes.isEmpty ? null : this.#checkAt;
    try {
      const [reports, health] = await Promise.all([logs.reportLogs([]), trust.readHealth().catch(() => null)]);
      this.#tables.transactionSync(() => {
        const at = now();
        const progress = this.#heartbeat.read(reports, at);
        const causes = listCauses({ reports, trust: health, progress }, at);
        for (const event of this.#causes.update(causes, { at, knowsTrust: health !== null }))
          this.#outbox.push(operator.id, event);
      });
    } catch (error) {
      console.error(JSON.stringify({ code: "monitor_check_failed", reason: String(error) }));
    }
    this.#checkAt = unixMs(now() + CHECK_EVERY_MS);
    return this.#causes.isEmpty ? null : this.#checkAt;
  }

  /** Looks at the logs. Returns when to look again, null if that needs another wake-up. */
  async #look(): Promise<number | null> {
    const isWoken = this.#isWoken;
    this.#isWoken = false;
    try {
      const { entries, isComplete } = await lookAtLogs(this.#followerDeps());
      if (!isComplete) return now();
      // The entry that woke it may lack its witnesses: the log shows it a moment later.
      return isWoken && entries === 0 ? now() + LOOK_AGAIN_MS : null;
    } catch (error) {
      console.error(JSON.stringify({ code: "monitor_look_failed", reason: String(error) }));
      return now() + LOOK_AGAIN_MS;
    }
  }

  /** Sets the alarm, unless an earlier one is set. Returns when it rings. */
  async #schedule(at: number): Promise<UnixMs> {
    const set = await this.#storage.getAlarm();
    if (set !== null && set <= at) return unixMs(set);
    await this.#storage.setAlarm(at);
    return unixMs(at);
  }

  /** The operator is told too, unless it is the operator's own receiver that fails. */
  #reportPaused({ id }: Watch, { reason, failingSince, pausedAt }: Delivery): void {
    console.error(JSON.stringify({ code: "watch_paused", watch: id, reason }));
    const operator = this.#findOperator();
    if (operator === null || operator.id === id) return;
    const [since, at] = [failingSince ?? now(), pausedAt ?? now()];
    const details = { channel: id, since, reason: reason ?? "failed", pending: this.#outbox.count(id) };
    this.#outbox.push(operator.id, makeEvent("delivery.failed", { at, log: null, details }));
  }

  async #makeStopLink(id: string): Promise<string> {
    return await makeStopLink(this.#config.publicUrl, await this.readSealSecret(), id);
  }

  #isWatching(): boolean {
    return this.#watchesById.size > 0 || !this.#watches.isEmpty;
  }

  #checkTables(): void {
    if (!this.#migrated.ok) throw new Error(`monitor: ${describeTooNew(this.#migrated.error)}`);
  }

  #followerDeps(): FollowerDeps {
    return {
      storage: this.#tables,
      cursors: this.#cursors,
      outbox: this.#outbox,
      logs: this.#config.logs,
      find: (terms) => this.#find(terms),
      operator: this.#findOperator(),
      now,
    };
  }

  #find(terms: ReadonlySet<Term>): readonly Watch[] {
    const configured = this.#index.find(terms).filter((watch) => !this.#ended.has(watch));
    return [...configured, ...this.#watches.find(terms)];
  }

  #courierDeps(): CourierDeps {
    return {
      outbox: this.#outbox,
      findWatch: (id) => this.#watchesById.get(id) ?? this.#watches.get(id),
      send: (watch, events) => send(this.#sending, watch, events),
      paused: (watch, delivery) => this.#reportPaused(watch, delivery),
      now,
    };
  }
}

// oxlint-disable-next-line no-restricted-globals -- reaches nothing but createFetchOutside
const platformFetch: PlatformFetch = (url, init) => fetch(url, init);

const now = (): UnixMs => unixMs(Date.now());
