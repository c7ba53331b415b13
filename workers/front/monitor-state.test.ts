// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { MonitorState } from "../../shared/rpc/monitor.ts";
import { unixMs } from "../../shared/time.ts";
import { formatMonitorGauges, readMonitor } from "./monitor-state.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterEach(() => void vi.useRealTimers());

const stateOf = (behindMs: number | null): MonitorState => ({
  isWatching: true,
  logs: [
    {
      log: "signature",
      next: 10,
      completeAt: unixMs(NOW - 60_000),
      treeSize: 12,
      behindSince: behindMs === null ? null : unixMs(NOW - behindMs),
    },
  ],
  pending: 3,
  oldestPendingAt: unixMs(NOW - 90_000),
  paused: 1,
});

const read = (readState: () => Promise<MonitorState>) =>
  readMonitor({ getByName: () => ({ readState }) } as never, "https://sign.example.com");

it.each([
  [null, 0],
  [14 * 60_000, 0],
  [16 * 60_000, 1],
])("behind for %s ms, it is a problem %s times", async (behind, problems) => {
  const report = await read(() => Promise.resolve(stateOf(behind)));
  expect(report.problems).toHaveLength(problems);
  if (problems > 0) expect(report.problems[0]).toContain("is 2 entries behind the log signature");
});

it("that does not answer is a problem, and no number is made up", async () => {
  const report = await read(() => Promise.reject(new Error("away")));
  expect(report.problems).toEqual(["the monitor does not answer (away): nobody who watches is told anything"]);
  const samples = formatMonitorGauges(report, ["signature"])
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(samples).toEqual(["sigedge_monitor_up 0"]);
});

it("has a sample of every gauge", async () => {
  const text = formatMonitorGauges(await read(() => Promise.resolve(stateOf(30_000))), ["signature", "certificate"]);
  expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
    "sigedge_monitor_up 1",
    "sigedge_monitor_watching 1",
    "sigedge_monitor_pending_messages 3",
    "sigedge_monitor_oldest_message_seconds 90",
    "sigedge_monitor_paused_watches 1",
    'sigedge_monitor_backlog_entries{log="signature"} 2',
    'sigedge_monitor_backlog_entries{log="certificate"} 0',
    'sigedge_monitor_lag_seconds{log="signature"} 30',
    'sigedge_monitor_lag_seconds{log="certificate"} 0',
  ]);
});
