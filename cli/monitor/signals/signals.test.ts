// SPDX-License-Identifier: Apache-2.0
// The signals of a running monitor: gauges for Prometheus, and pushes to a dead man's switch.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { unixMs } from "../../../shared/time.ts";
import { parseGauges } from "../../status/gauges.ts";
import type { Coverage } from "../coverage.ts";
import { type Figures, formatGauges, NO_FIGURES, serveGauges } from "./gauges.ts";
import { isCovered, pushHeartbeat } from "./heartbeat.ts";

const COVERAGE: Coverage = {
  log: 'log "one"\\',
  kind: "signature",
  url: "https://log.example.com",
  from: 5,
  to: 300,
  neverScanned: 0,
  at: unixMs(1_790_000_000_000),
  size: 300,
  root: null,
  gaps: [],
};

const FIGURES: Figures = {
  ...NO_FIGURES,
  coverages: [COVERAGE],
  exitCode: 3,
  lastPassAt: 1_790_000_000_999,
  passes: 7,
  events: new Map([["match.unexpected", 2]]),
};

test("the gauges can be parsed, and a monitor that has read nothing yet shows none of a log", () => {
  const gauges = parseGauges(formatGauges(FIGURES));
  expect(gauges).toContainEqual({
    name: "sigedge_monitor_scanned",
    labels: { log: 'log \\"one\\"\\\\' },
    value: 300,
  });
  expect(gauges).toContainEqual({
    name: "sigedge_monitor_last_pass_timestamp_seconds",
    labels: {},
    value: 1_790_000_000,
  });
  expect(gauges).toContainEqual({
    name: "sigedge_monitor_events_total",
    labels: { kind: "match.unexpected" },
    value: 2,
  });
  expect(formatGauges(FIGURES)).not.toContain("last_covered");
  expect(formatGauges(NO_FIGURES)).not.toContain("log=");
});

test("the gauges are served at /metrics of the loopback interface, and at no other path", async () => {
  const served = await serveGauges(0, () => FIGURES);
  if (!served.ok) throw new Error(served.error);
  const { server, port } = served.value;
  expect((server.address() as AddressInfo).address).toBe("127.0.0.1");
  const page = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(page.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  expect(await page.text()).toBe(formatGauges(FIGURES));
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  const second = await serveGauges(port, () => FIGURES);
  expect(second.ok ? "" : second.error).toMatch(/^--metrics-port \d+: .*EADDRINUSE/);
  server.closeAllConnections();
  server.close();
});

test("a heartbeat says what was read, follows no redirect, and fails if nobody takes it", async () => {
  const bodies: string[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    request.setEncoding("utf8").on("data", (text: string) => bodies.push(text));
    request.on("end", () => response.writeHead(status, { location: "/elsewhere" }).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping`;
  expect(await pushHeartbeat(url, [COVERAGE])).toEqual({ ok: true, value: null });
  expect(bodies).toEqual(['scanned [5, 300) of log log "one"\\ at 2026-09-21T14:13:20Z, no gap\n']);
  status = 500;
  expect(await pushHeartbeat(url, [COVERAGE])).toEqual({ ok: false, error: "status 500" });
  status = 302;
  expect((await pushHeartbeat(url, [COVERAGE])).ok).toBe(false);
  server.close();
  expect((await pushHeartbeat(url, [COVERAGE])).ok).toBe(false);
});

test("only a pass that read everything may say so", () => {
  expect(isCovered([])).toBe(false);
  expect(isCovered([COVERAGE])).toBe(true);
  expect(isCovered([COVERAGE, { ...COVERAGE, gaps: [{ from: 1, to: null }] }])).toBe(false);
});
