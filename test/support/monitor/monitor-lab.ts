// SPDX-License-Identifier: Apache-2.0
// The monitor's object over node's SQLite, with a clock, an alarm and a receiver of the test's. Kills it, and counts
// the rows that it writes.

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { vi } from "vitest";
import type { LogHead, LogReadsRpc, LogReport } from "../../../shared/rpc/log-reads.ts";
import type { TailEntry } from "../../../shared/rpc/sequencer.ts";
import type { TrustHealth } from "../../../shared/trust/health.ts";
import type { MonitorEnv } from "../../../workers/monitor/env.ts";
import { Monitor } from "../../../workers/monitor/object/monitor.ts";

/** When a lab begins. */
export const START = 1_800_000_000_000;
const BATCH = 64;

/** A receiver's answer to a request. */
type Answer = (url: string, init: RequestInit) => Response | Promise<Response>;

/** A monitor in a test. */
export interface MonitorLab {
  readonly object: () => Monitor;
  /** Log name → its entries. */
  readonly logs: Map<string, TailEntry[]>;
  /** `webhook-id` of every message that the receiver accepted. */
  readonly accepted: string[];
  /** Every request, in order. */
  readonly requests: { readonly url: string; readonly headers: Headers; readonly body: string; readonly at: number }[];
  readonly alarmAt: () => number | null;
  /** Lets the time of the alarm come, and runs it. */
  readonly ring: () => Promise<void>;
  /** Rings until no alarm is set, or until this time. */
  readonly run: (until?: number) => Promise<void>;
  /** Ends the object as a crash does: what is not in storage is gone. */
  readonly kill: () => void;
  /** Rows written and alarms set so far. */
  readonly rowsWritten: () => number;
  /** Throws from the next call of this number of the storage, counted from now; null never. */
  readonly failAfter: (calls: number | null) => void;
  readonly readsFail: (isFailing: boolean) => void;
  /** Changes what the services report about themselves. @param health null if the trust service does not answer */
  readonly suffer: (logs: readonly LogReport[], health: TrustHealth | null) => void;
  /** Changes how the receiver answers; null accepts. */
  readonly answer: (how: Answer | null) => void;
  readonly query: (sql: string) => readonly Record<string, unknown>[];
}

/** Thrown where a test kills the object. */
class Killed extends Error {}

/** @param settings those of the monitor beside PUBLIC_URL */
export function openMonitorLab(settings: Readonly<Record<string, string>>): MonitorLab {
  vi.useFakeTimers({ now: START, toFake: ["Date"] });
  const database = new DatabaseSync(":memory:");
  const logs = new Map<string, TailEntry[]>([
    ["signature", []],
    ["certificate", []],
  ]);
  const accepted: string[] = [];
  const requests: MonitorLab["requests"] = [];
  let how: Answer | null = null;
  let alarm: number | null = null;
  let rows = 0;
  let callsLeft: number | null = null;
  let isReadingFailing = false;
  const countCall = (): void => {
    if (callsLeft === null) return;
    if (callsLeft === 0) throw new Killed();
    callsLeft--;
  };
  const changes = (): number => Number(database.prepare("SELECT total_changes() AS n").get()?.["n"]);
  const storage = {
    sql: {
      exec: (text: string, ...values: SQLInputValue[]) => {
        countCall();
        const before = changes();
        const found = database.prepare(text).all(...values);
        rows += changes() - before;
        return { toArray: () => found.map(withBuffers) };
      },
    },
    transactionSync: <T>(work: () => T): T => {
      database.exec("BEGIN");
      try {
        const value = work();
        countCall();
        database.exec("COMMIT");
        return value;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    getAlarm: async () => alarm,
    setAlarm: async (at: number) => {
      countCall();
      rows++;
      alarm = at;
    },
  };
  let reports: readonly LogReport[] = [];
  let trust: TrustHealth | null = { problems: [], expiries: [] };
  const readHealth = async (): Promise<TrustHealth> => {
    if (trust === null) throw new Error("away");
    return trust;
  };
  const reads: Pick<LogReadsRpc, "readHeads" | "readRecords" | "reportLogs"> = {
    reportLogs: async () => reports,
    readHeads: async () => [...logs].map(([name, entries]) => toHead(name, entries.length)),
    readRecords: async (log, from) => {
      if (isReadingFailing) return { ok: false, error: { code: "entry_unreadable" } };
      const entries = logs.get(log) ?? [];
      return { ok: true, value: { treeSize: entries.length, entries: entries.slice(from, from + BATCH) } };
    },
  };
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    countCall();
    const headers = new Headers(init.headers);
    requests.push({ url, headers, body: typeof init.body === "string" ? init.body : "", at: Date.now() });
    const response = (await how?.(url, init)) ?? new Response(null, { status: 204 });
    if (response.ok) accepted.push(headers.get("webhook-id") ?? "");
    return response;
  });
  const unused = { MONITOR: {}, OIDC: {}, READS: {}, WRITES: {}, TRUST: { readHealth } };
  const env = { PUBLIC_URL: "https://sign.example.com", ...settings, ...unused, LOG: reads } as unknown as MonitorEnv;
  const create = (): Monitor => new Monitor({ storage } as unknown as DurableObjectState, { ...env });
  let object = create();
  const runAlarm = async (): Promise<void> => {
    if (alarm === null) throw new Error("no alarm is set");
    vi.setSystemTime(Math.max(alarm, Date.now()));
    const at = alarm;
    alarm = null;
    try {
      await object.alarm();
    } catch (error) {
      // The platform repeats an alarm whose handler did not end.
      alarm ??= at + 2_000;
      throw error;
    }
  };
  return {
    object: () => object,
    logs,
    accepted,
    requests,
    alarmAt: () => alarm,
    ring: runAlarm,
    run: async (until = Number.MAX_SAFE_INTEGER) => {
      while (alarm !== null && alarm <= until) await runAlarm();
    },
    kill: () => {
      callsLeft = null;
      object = create();
    },
    rowsWritten: () => rows,
    failAfter: (calls) => {
      callsLeft = calls;
    },
    readsFail: (isFailing) => {
      isReadingFailing = isFailing;
    },
    suffer: (ofLogs, health) => {
      [reports, trust] = [ofLogs, health];
    },
    answer: (next) => {
      how = next;
    },
    query: (sql) => database.prepare(sql).all(),
  };
}

/** A Durable Object gives an ArrayBuffer where node gives a Uint8Array. */
const withBuffers = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? value.slice().buffer : value]),
  );

function toHead(name: string, treeSize: number): LogHead {
  const kind = name === "certificate" ? "certificate" : "signature";
  const origin = kind === "signature" ? "sign.example.com" : "sign.example.com/ct";
  return { name, kind, origin, url: `https://${origin}`, head: { treeSize } as LogHead["head"] };
}
