// SPDX-License-Identifier: Apache-2.0
// The monitor's heartbeat on the page of the logs, in each of its states.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { MonitorState } from "../../../shared/rpc/monitor.ts";
import { unixMs } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import { serveLogs } from "./logs.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterEach(() => void vi.useRealTimers());

const WELL: MonitorState = {
  isWatching: true,
  logs: [
    { log: "signature", next: 10, completeAt: unixMs(NOW - 60_000), treeSize: 12, behindSince: unixMs(NOW - 4_000) },
    { log: "certificate", next: 7, completeAt: null, treeSize: null, behindSince: null },
  ],
  pending: 3,
  oldestPendingAt: unixMs(NOW - 90_000),
  paused: 1,
  problems: [],
};
const OFF: MonitorState = { ...WELL, isWatching: false, logs: [], pending: 0, oldestPendingAt: null, paused: 0 };

async function read(readState: () => Promise<MonitorState>, accept: string): Promise<string> {
  const config = {
    publicUrl: { href: "https://sign.example.com", host: "sign.example.com" },
    log: { reportLogs: async () => [] },
    trust: { readHealth: async () => ({ problems: [], expiries: [] }) },
    monitor: { readState },
  } as unknown as Config;
  const request = new Request("https://sign.example.com/logs", { headers: { accept } });
  return await (await serveLogs(request, config)).text();
}

const never = (): Promise<MonitorState> => new Promise(() => undefined);

it.each([
  ["watches", async () => WELL, ["Watching", "2 entries, for 4 seconds", "29 November 2026 at 11:59 UTC", "none yet"]],
  ["has messages that wait", async () => WELL, ["3 messages wait, the oldest since", "1 watch is paused"]],
  ["cannot read a log", async () => WELL, ["unknown: the log does not answer"]],
  ["is off", async () => OFF, ["Off: nobody watches anything", "No message waits", "<h1>Everything works</h1>"]],
  [
    "is behind",
    async () => ({ ...WELL, problems: ["the monitor is behind"] }),
    ["Behind", "<li>The monitor is behind.</li>"],
  ],
  ["does not answer in time", never, ["Unknown: it does not answer", "nobody who watches is told anything"]],
] as const)(
  "a monitor that %s",
  async (_, readState, texts) => {
    const page = await read(readState, "text/html");
    for (const text of texts) expect(page.replace(/<\/?time[^>]*>/g, "")).toContain(text);
  },
  10_000,
);

it("is there for programs", async () => {
  expect(JSON.parse(await read(async () => WELL, "application/json"))).toMatchObject({
    status: "SERVING",
    monitor: {
      isWatching: true,
      pendingMessages: 3,
      oldestPendingAt: "2026-11-29T11:58:30Z",
      pausedWatches: 1,
      logs: [
        { log: "signature", lookedThrough: 10, treeSize: 12, entriesBehind: 2, secondsBehind: 4 },
        { log: "certificate", treeSize: null, entriesBehind: null, lastCompleteLook: null },
      ],
    },
  });
  expect(JSON.parse(await read(never, "application/json"))).toMatchObject({ status: "DEGRADED", monitor: null });
});
