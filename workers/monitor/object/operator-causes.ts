// SPDX-License-Identifier: Apache-2.0
// The events of infrastructure that the operator of the deployment gets: what is wrong with its logs, their publication
// and search, its witnesses, and what expires. Each cause is told once, and once more when it is over.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { type MonitorEvent, makeEvent } from "../../../shared/monitor/event.ts";
import type { LogReport } from "../../../shared/rpc/log-reads.ts";
import type { LogProgress } from "../../../shared/rpc/monitor.ts";
import type { Row } from "../../../shared/sql/columns.ts";
import { integer, text, word } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { TrustHealth } from "../../../shared/trust/health.ts";
import { isLagging } from "./heartbeat.ts";
import type { MonitorStorage } from "./storage.ts";

/** More than a busy minute leaves behind, as in the alert rules. */
const MAX_BACKLOG = 1024;

const KINDS = [
  "log.unreachable",
  "log.stalled",
  "log.inconsistent",
  "backlog",
  "witness.lost",
  "monitor.lagging",
  "expiry.near",
  "trust.problem",
] as const;
type CauseKind = (typeof KINDS)[number];
/** The causes that only the trust service knows. */
const OF_TRUST: ReadonlySet<CauseKind> = new Set(["expiry.near", "trust.problem"]);

/** Something that is wrong now. */
export interface Cause {
  /** The same while it lasts. */
  readonly id: string;
  readonly kind: CauseKind;
  readonly makeEvent: (since: UnixMs, at: UnixMs) => MonitorEvent;
}

/** The state of the deployment. */
export interface Observed {
  readonly reports: readonly LogReport[];
  /** Null if the trust service does not answer. */
  readonly trust: TrustHealth | null;
  /** How far the monitor has looked. */
  readonly progress: readonly LogProgress[];
}

/** Everything that is known to be wrong. */
export const listCauses = ({ reports, trust, progress }: Observed, now: UnixMs): readonly Cause[] => [
  ...reports.flatMap((report) => {
    const looked = progress.find(({ log }) => log === report.name);
    return [...logCauses(report), ...(looked === undefined ? [] : lookCauses(report, looked, now))];
  }),
  ...(trust === null ? [trustProblem("The trust service does not answer.")] : trustCauses(trust)),
];

function logCauses({ name, origin, description }: LogReport): readonly Cause[] {
  if (description === null) return [unreachable(origin, name)];
  const { state, reason, treeSize, publishedEntries, indexedEntries, witnessedSize } = description;
  const unpublished = Math.floor(treeSize / TILE_WIDTH) * TILE_WIDTH - publishedEntries;
  const isStopped = state === "refusing" || state === "full" || state === "over_quota";
  return [
    ...(isStopped ? [logStall(origin, name, { size: treeSize, reason: reason ?? state })] : []),
    ...(unpublished > MAX_BACKLOG ? [backlog(`entries of the log ${name} that R2 lacks`, unpublished)] : []),
    ...(treeSize - indexedEntries > MAX_BACKLOG
      ? [backlog(`entries of the log ${name} that the search index lacks`, treeSize - indexedEntries)]
      : []),
    ...(witnessedSize !== null && treeSize - witnessedSize > MAX_BACKLOG ? [witnessLost(origin, name)] : []),
  ];
}

/** A log whose own object has fewer entries than were looked at has lost some: an older state of it was restored. */
function lookCauses(
  { name, origin, head, description }: LogReport,
  looked: LogProgress,
  now: UnixMs,
): readonly Cause[] {
  const size = description?.treeSize ?? null;
  const lag = looked.treeSize !== null && isLagging(looked, now) ? [monitorLag(origin, looked, now)] : [];
  if (size === null || looked.next <= size) return lag;
  const reason = `the monitor has looked at ${looked.next} entries, and the log has ${size}`;
  const latter = { size, root: head === null ? "" : encodeBase64(head.rootHash) };
  const make = (_: UnixMs, at: UnixMs): MonitorEvent =>
    makeEvent("log.inconsistent", { at, log: origin, details: { former: null, latter, reason, evidence: null } });
  return [...lag, { id: `shrunk ${name}`, kind: "log.inconsistent", makeEvent: make }];
}

function monitorLag(origin: string, { log, next, treeSize, behindSince }: LogProgress, now: UnixMs): Cause {
  const since = behindSince ?? now;
  const details = { since, entries: Math.max(0, (treeSize ?? next) - next), seconds: Math.floor((now - since) / 1000) };
  const make = (_: UnixMs, at: UnixMs): MonitorEvent => makeEvent("monitor.lagging", { at, log: origin, details });
  return { id: `lag ${log}`, kind: "monitor.lagging", makeEvent: make };
}

const unreachable = (log: string, name: string): Cause => ({
  id: `silent ${name}`,
  kind: "log.unreachable",
  makeEvent: (since, at) => makeEvent("log.unreachable", { at, log, details: { since, reason: "it does not answer" } }),
});

const logStall = (log: string, name: string, what: { readonly size: number; readonly reason: string }): Cause => ({
  id: `stopped ${name}`,
  kind: "log.stalled",
  makeEvent: (since, at) => makeEvent("log.stalled", { at, log, details: { since, ...what } }),
});

const backlog = (what: string, count: number): Cause => ({
  id: `backlog ${what}`,
  kind: "backlog",
  makeEvent: (since, at) => makeEvent("backlog", { at, log: null, details: { what, since, count } }),
});

const witnessLost = (log: string, name: string): Cause => ({
  id: `witnesses ${name}`,
  kind: "witness.lost",
  makeEvent: (since, at) => makeEvent("witness.lost", { at, log, details: { witness: "(quorum)", since } }),
});

const isOf = (problem: string, what: string): boolean => problem.startsWith(`${what} `);

/** The log itself says why it refuses. */
const OF_A_LOG = /^the log \S+ refuses to write/;

/** The trust service knows how early a person must act: /healthz warns with the same sentences. */
function trustCauses({ problems, expiries }: TrustHealth): readonly Cause[] {
  const due = expiries.filter(({ what }) => problems.some((problem) => isOf(problem, what)));
  const others = problems.filter(
    (problem) => !expiries.some(({ what }) => isOf(problem, what)) && !OF_A_LOG.test(problem),
  );
  return [...due.map(expiryCause), ...others.map(trustProblem)];
}

function expiryCause({ what, expires }: TrustHealth["expiries"][number]): Cause {
  const notAfter = unixMs(Math.max(0, Date.parse(expires)));
  const make = (_: UnixMs, at: UnixMs): MonitorEvent =>
    makeEvent("expiry.near", { at, log: null, details: { what, notAfter } });
  return { id: `expiry ${what} ${expires}`, kind: "expiry.near", makeEvent: make };
}

/** The days and sizes in a sentence change while it is about the same. */
const trustProblem = (problem: string): Cause => ({
  id: `trust ${problem.replace(/\d+/g, "#")}`,
  kind: "trust.problem",
  makeEvent: (since, at) => makeEvent("trust.problem", { at, log: null, details: { since, problem } }),
});

/** The causes that were told and are not over. */
export class CauseTable {
  readonly #storage: MonitorStorage;

  constructor(storage: MonitorStorage) {
    this.#storage = storage;
  }

  get isEmpty(): boolean {
    return this.#storage.exec("SELECT 1 FROM causes LIMIT 1").length === 0;
  }

  /** Compares with what was told. Returns the events to tell; within the transaction that keeps them. */
  update(
    causes: readonly Cause[],
    { at, knowsTrust }: { readonly at: UnixMs; readonly knowsTrust: boolean },
  ): readonly MonitorEvent[] {
    const told = new Map(this.#storage.exec("SELECT * FROM causes").map((row) => [text(row, "id"), decodeCause(row)]));
    const begun = causes.filter(({ id }) => !told.has(id));
    // A trust service that does not answer has renewed nothing.
    const over = [...told.values()].filter(
      ({ id, kind }) => (knowsTrust || !OF_TRUST.has(kind)) && !causes.some((cause) => cause.id === id),
    );
    const events = begun.map((cause) => {
      const event = cause.makeEvent(at, at);
      this.#storage.exec(
        "INSERT INTO causes (id, kind, key, since) VALUES (?, ?, ?, ?)",
        cause.id,
        cause.kind,
        event.key,
        at,
      );
      return event;
    });
    for (const { id } of over) this.#storage.exec("DELETE FROM causes WHERE id = ?", id);
    return [
      ...events,
      ...over.flatMap(({ key, kind, since }) =>
        // That a log has lost entries is never over.
        kind === "log.inconsistent" ? [] : [makeEvent("recovered", { at, log: null, details: { key, kind, since } })],
      ),
    ];
  }
}

interface ToldCause {
  readonly id: string;
  readonly key: string;
  readonly kind: CauseKind;
  readonly since: UnixMs;
}

const decodeCause = (row: Row): ToldCause => ({
  id: text(row, "id"),
  key: text(row, "key"),
  kind: word(row, "kind", KINDS),
  since: unixMs(integer(row, "since")),
});
