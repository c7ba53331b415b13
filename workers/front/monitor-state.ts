// SPDX-License-Identifier: Apache-2.0
// How far the monitor has looked, for /healthz and /metrics: silence of a monitor must not look like "all is well". The
// answer is kept for a moment, since those pages are asked for often.

import { withDeadline } from "../../shared/http/deadline.ts";
import { member } from "../../shared/json/member.ts";
import { MONITOR_PROBLEMS_PATH, type MonitorRpc, type MonitorState } from "../../shared/rpc/monitor.ts";

const KEEP_MS = 5_000;
const DEADLINE_MS = 2_000;

/** The monitor beside the logs. */
export interface MonitorReport {
  /** Null if it does not answer. */
  readonly state: MonitorState | null;
  readonly problems: readonly string[];
}

const kept = new WeakMap<object, { readonly report: MonitorReport; readonly until: number }>();

/** Asks the monitor. Does not reject. @param name that of its object */
export async function readMonitor(monitor: DurableObjectNamespace<MonitorRpc>, name: string): Promise<MonitorReport> {
  const known = kept.get(monitor);
  if (known !== undefined && Date.now() < known.until) return known.report;
  const report = await ask(monitor, name);
  kept.set(monitor, { report, until: Date.now() + KEEP_MS });
  return report;
}

async function ask(monitor: DurableObjectNamespace<MonitorRpc>, name: string): Promise<MonitorReport> {
  try {
    const state = await withDeadline(DEADLINE_MS, monitor.getByName(name).readState());
    return { state, problems: state.problems };
  } catch (error) {
    return { state: null, problems: [describeSilence(error)] };
  }
}

/** Asks the monitor's own Worker, for the gateway, what is wrong with the monitor. Does not reject. */
export async function readMonitorProblems(monitor: Fetcher): Promise<readonly string[]> {
  try {
    const response = await monitor.fetch(`https://monitor${MONITOR_PROBLEMS_PATH}`, {
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const problems: unknown = response.ok ? member(await response.json(), "problems") : null;
    return Array.isArray(problems) ? problems.map(String) : [describeSilence(new Error(`status ${response.status}`))];
  } catch (error) {
    return [describeSilence(error)];
  }
}

const describeSilence = (error: unknown): string =>
  `the monitor does not answer (${error instanceof Error ? error.message : "no reason given"}): nobody who watches is told anything`;

/** Gauge → help and value. */
const GAUGES: readonly (readonly [name: string, help: string, value: (state: MonitorState) => number])[] = [
  ["sigedge_monitor_watching", "1 if anybody watches anything.", ({ isWatching }) => Number(isWatching)],
  ["sigedge_monitor_pending_messages", "Messages that wait to be delivered.", ({ pending }) => pending],
  [
    "sigedge_monitor_oldest_message_seconds",
    "Age of the oldest message that waits, 0 if none does.",
    ({ oldestPendingAt }) => secondsSince(oldestPendingAt),
  ],
  [
    "sigedge_monitor_paused_watches",
    "Watches whose messages are held back, because a week of attempts failed.",
    ({ paused }) => paused,
  ],
];

const secondsSince = (time: number | null): number =>
  time === null ? 0 : Math.max(0, Math.floor((Date.now() - time) / 1000));

const describeGauge = (name: string, help: string): string => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;

/** Formats the figures. While the monitor does not answer, there are no invented numbers. @param logs their names */
export function formatMonitorGauges({ state }: MonitorReport, logs: readonly string[]): string {
  const up = `${describeGauge("sigedge_monitor_up", "1 if the monitor answers.")}sigedge_monitor_up ${state === null ? 0 : 1}\n`;
  const plain = GAUGES.map(
    ([name, help, value]) => describeGauge(name, help) + (state === null ? "" : `${name} ${value(state)}\n`),
  );
  const formatLogGauge = (name: string, help: string, value: (log: string) => number): string =>
    describeGauge(name, help) +
    (state === null ? [] : logs).map((log) => `${name}{log="${log}"} ${value(log)}\n`).join("");
  const find = (name: string): MonitorState["logs"][number] | undefined => state?.logs.find(({ log }) => log === name);
  return [
    up,
    ...plain,
    formatLogGauge("sigedge_monitor_backlog_entries", "Entries that the monitor has not looked at yet.", (log) => {
      const { next = 0, treeSize = 0 } = find(log) ?? {};
      return Math.max(0, (treeSize ?? next) - next);
    }),
    formatLogGauge("sigedge_monitor_lag_seconds", "Time since the monitor is behind, 0 if it is not.", (log) =>
      secondsSince(find(log)?.behindSince ?? null),
    ),
  ].join("");
}
