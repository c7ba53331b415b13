// SPDX-License-Identifier: Apache-2.0
// The events of infrastructure that the operator of the deployment gets: what is wrong with its logs, their publication
// and search, its witnesses, and what expires. Each cause is told once, and once more when it is over.

import { type MonitorEvent, makeEvent } from "../../../shared/monitor/event.ts";
import { EXPIRY_MS, TIMESTAMP_EXPIRY_MS } from "../../../shared/monitor/expiry.ts";
import type { LogReport } from "../../../shared/rpc/log-reads.ts";
import type { Row } from "../../../shared/sql/columns.ts";
import { integer, text, word } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { TrustHealth } from "../../../shared/trust/health.ts";
import type { MonitorStorage } from "./storage.ts";

/** More than a busy minute leaves behind, as in the alert rules. */
const MAX_BACKLOG = 1024;

const KINDS = ["log.unreachable", "backlog", "witness.lost", "expiry.near"] as const;
type CauseKind = (typeof KINDS)[number];

/** Something that is wrong now. */
export interface Cause {
  /** The same while it lasts. */
  readonly id: string;
  readonly kind: CauseKind;
  readonly makeEvent: (since: UnixMs, at: UnixMs) => MonitorEvent;
}

/** Everything that is known to be wrong. @param trust null if it does not answer */
export const listCauses = (reports: readonly LogReport[], trust: TrustHealth | null, now: UnixMs): readonly Cause[] => [
  ...reports.flatMap((report) => logCauses(report)),
  ...(trust?.expiries ?? []).flatMap((expiry) => expiryCause(expiry, now)),
];

function logCauses({ name, origin, description }: LogReport): readonly Cause[] {
  if (description === null) return [unreachable(origin, name, "it does not answer")];
  const { state, reason, treeSize, publishedEntries, indexedEntries, witnessedSize } = description;
  const unpublished = Math.floor(treeSize / TILE_WIDTH) * TILE_WIDTH - publishedEntries;
  const isStopped = state === "refusing" || state === "full" || state === "over_quota";
  return [
    ...(isStopped ? [unreachable(origin, name, `it takes no entries: ${reason ?? state}`)] : []),
    ...(unpublished > MAX_BACKLOG ? [backlog(`entries of the log ${name} that R2 lacks`, unpublished)] : []),
    ...(treeSize - indexedEntries > MAX_BACKLOG
      ? [backlog(`entries of the log ${name} that the search index lacks`, treeSize - indexedEntries)]
      : []),
    ...(witnessedSize !== null && treeSize - witnessedSize > MAX_BACKLOG ? [witnessLost(origin, name)] : []),
  ];
}

const unreachable = (log: string, name: string, reason: string): Cause => ({
  id: `stopped ${name}`,
  kind: "log.unreachable",
  makeEvent: (since, at) => makeEvent("log.unreachable", { at, log, details: { since, reason } }),
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

function expiryCause({ what, expires }: TrustHealth["expiries"][number], now: UnixMs): readonly Cause[] {
  const notAfter = unixMs(Math.max(0, Date.parse(expires)));
  const early = what.includes("timestamp") ? TIMESTAMP_EXPIRY_MS : EXPIRY_MS;
  if (Number.isNaN(notAfter) || notAfter - now > early) return [];
  const make = (_: UnixMs, at: UnixMs): MonitorEvent =>
    makeEvent("expiry.near", { at, log: null, details: { what, notAfter } });
  return [{ id: `expiry ${what} ${expires}`, kind: "expiry.near", makeEvent: make }];
}

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
      ({ id, kind }) => (knowsTrust || kind !== "expiry.near") && !causes.some((cause) => cause.id === id),
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
      ...over.map(({ key, kind, since }) => makeEvent("recovered", { at, log: null, details: { key, kind, since } })),
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
