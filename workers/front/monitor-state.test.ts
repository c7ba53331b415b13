// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MONITOR_PROBLEMS_PATH, type MonitorState } from "../../shared/rpc/monitor.ts";
import { unixMs } from "../../shared/time.ts";
import { CONTEXT } from "../../test/support/composed.ts";
import { DECLARED_SERVICES } from "../declarations.ts";
import gateway from "../gateway/index.ts";
import { formatMonitorGauges, readMonitor } from "./monitor-state.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterEach(() => void vi.useRealTimers());

const stateOf = (problems: readonly string[]): MonitorState => ({
  isWatching: true,
  logs: [
    {
      log: "signature",
      next: 10,
      completeAt: unixMs(NOW - 60_000),
      treeSize: 12,
      behindSince: unixMs(NOW - 30_000),
    },
  ],
  pending: 3,
  oldestPendingAt: unixMs(NOW - 90_000),
  paused: 1,
  problems,
});

const read = (readState: () => Promise<MonitorState>) =>
  readMonitor({ getByName: () => ({ readState }) } as never, "https://sign.example.com");

it("passes on what the monitor finds wrong with itself", async () => {
  expect((await read(() => Promise.resolve(stateOf(["it is behind"])))).problems).toEqual(["it is behind"]);
});

it.each([
  ["well", () => Response.json({ problems: [] }), []],
  ["behind", () => Response.json({ problems: ["it is behind"] }), ["it is behind"]],
  [
    "refused",
    () => Response.json({}, { status: 503 }),
    ["the monitor does not answer (status 503): nobody who watches is told anything"],
  ],
  [
    "of another form",
    () => Response.json([]),
    ["the monitor does not answer (status 200): nobody who watches is told anything"],
  ],
  [
    "away",
    () => Promise.reject(new Error("away")),
    ["the monitor does not answer (away): nobody who watches is told anything"],
  ],
] as const)("is asked by the gateway: %s", async (_, answer, problems) => {
  const env = { PUBLIC_URL: "https://sign.example.com", ...servicesWith({ monitor: answer }) };
  const response = await gateway.fetch(new Request("https://sign.example.com/healthz"), env as never, CONTEXT);
  expect(await response.json()).toMatchObject({
    status: problems.length === 0 ? "SERVING" : "DEGRADED",
    problems,
  });
});

/** Services apart, all of them well; the monitor reports on itself as the test says. */
function servicesWith({ monitor }: { readonly monitor: () => Response | Promise<Response> }): object {
  const fetch = async (to: Request | string): Promise<Response> => {
    const { pathname } = new URL(to instanceof Request ? to.url : to);
    if (pathname === MONITOR_PROBLEMS_PATH) return await monitor();
    return Response.json({ problems: [], expiries: [] });
  };
  return Object.fromEntries([...DECLARED_SERVICES].map((service) => [service.toUpperCase(), { fetch }]));
}

it("that does not answer is a problem, and no number is made up", async () => {
  const report = await read(() => Promise.reject(new Error("away")));
  expect(report.problems).toEqual(["the monitor does not answer (away): nobody who watches is told anything"]);
  const samples = formatMonitorGauges(report, ["signature"])
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(samples).toEqual(["sigedge_monitor_up 0"]);
});

it("has a sample of every gauge", async () => {
  const text = formatMonitorGauges(await read(() => Promise.resolve(stateOf([]))), ["signature", "certificate"]);
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
