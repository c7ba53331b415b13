// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import type { LogHead } from "../../../shared/rpc/log-reads.ts";
import { unixMs } from "../../../shared/time.ts";
import { describeLags, Heartbeat } from "./heartbeat.ts";

const START = 1_800_000_000_000;
const MINUTE = 60_000;
const headOf = (treeSize: number | null): LogHead =>
  ({ name: "signature", head: treeSize === null ? null : { treeSize } }) as LogHead;

it.each([
  [12, 14, []],
  [12, 16, ["the monitor is 2 entries behind the log signature: its log lines say why (monitor_look_failed)"]],
  [null, 16, ["the monitor cannot read the log signature: its log lines say why (monitor_look_failed)"]],
  [10, 16, []],
] as const)("a log of %s entries, of which 10 were looked at %s minutes ago", (treeSize, minutes, problems) => {
  const heartbeat = new Heartbeat({ get: () => ({ next: 10, completeAt: unixMs(START) }) });
  heartbeat.read([headOf(treeSize)], unixMs(START));
  const now = unixMs(START + minutes * MINUTE);
  const [log] = heartbeat.read([headOf(treeSize)], now);
  expect(log?.behindSince).toBe(treeSize === 10 ? null : START);
  expect(describeLags(log === undefined ? [] : [log], now)).toEqual(problems);
});

it("counts from the newest time at which it was not behind", () => {
  const heartbeat = new Heartbeat({ get: () => ({ next: 10, completeAt: unixMs(START) }) });
  for (const [treeSize, minute] of [
    [12, 0],
    [10, 10],
    [12, 20],
  ] as const)
    heartbeat.read([headOf(treeSize)], unixMs(START + minute * MINUTE));
  const [log] = heartbeat.read([headOf(12)], unixMs(START + 30 * MINUTE));
  expect(log?.behindSince).toBe(START + 20 * MINUTE);
});

it("is not behind a busy log, which is ahead whenever somebody asks", () => {
  let minute = 0;
  const heartbeat = new Heartbeat({ get: () => ({ next: minute, completeAt: unixMs(START + minute * MINUTE) }) });
  for (; minute < 60; minute++) {
    const now = unixMs(START + minute * MINUTE + 5_000);
    const logs = heartbeat.read([headOf(minute + 1)], now);
    expect([logs[0]?.behindSince, describeLags(logs, now)]).toEqual([minute === 0 ? now : now - 5_000, []]);
  }
});

it("says of a log that was never looked at that it was not", () => {
  const [log] = new Heartbeat({ get: () => null }).read([headOf(12)], unixMs(START));
  expect(log).toEqual({ log: "signature", next: 0, completeAt: null, treeSize: 12, behindSince: START });
});
