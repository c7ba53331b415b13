// SPDX-License-Identifier: Apache-2.0
// Gauges of a running monitor for Prometheus, on the loopback interface.
// Spec: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Coverage } from "../coverage.ts";
import type { ExitCode } from "../verdict.ts";

/** The figures of the last pass, and of all. */
export interface Figures {
  readonly coverages: readonly Coverage[];
  readonly exitCode: ExitCode;
  /** In ms; null before the first. */
  readonly lastPassAt: number | null;
  readonly lastCoveredAt: number | null;
  readonly passes: number;
  /** Events by kind since the monitor started. */
  readonly events: ReadonlyMap<string, number>;
}

export const NO_FIGURES: Figures = {
  coverages: [],
  exitCode: 0,
  lastPassAt: null,
  lastCoveredAt: null,
  passes: 0,
  events: new Map(),
};

interface Metric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly samples: readonly (readonly [labels: string, value: number])[];
}

const label = (name: string, value: string): string =>
  `{${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"}`;

const perLog = (coverages: readonly Coverage[], value: (coverage: Coverage) => number): Metric["samples"] =>
  coverages.map((coverage) => [label("log", coverage.log), value(coverage)]);

const single = (value: number | null): Metric["samples"] => (value === null ? [] : [["", value]]);

const listMetrics = (figures: Figures): readonly Metric[] => [
  gauge(
    "tree_size",
    "Entries of the log's newest head.",
    perLog(figures.coverages, ({ size }) => size ?? 0),
  ),
  gauge(
    "scanned",
    "The entries below this index were read.",
    perLog(figures.coverages, ({ to }) => to),
  ),
  gauge(
    "never_scanned",
    "The entries below this index were never read.",
    perLog(figures.coverages, ({ neverScanned }) => neverScanned),
  ),
  gauge(
    "gaps",
    "Ranges that could not be read.",
    perLog(figures.coverages, ({ gaps }) => gaps.length),
  ),
  gauge("exit_code", "What the last pass would have exited with.", single(figures.exitCode)),
  gauge("last_pass_timestamp_seconds", "When the last pass ended.", single(toSeconds(figures.lastPassAt))),
  gauge(
    "last_covered_timestamp_seconds",
    "When a pass last read everything.",
    single(toSeconds(figures.lastCoveredAt)),
  ),
  { name: "passes_total", type: "counter", help: "Passes since the monitor started.", samples: single(figures.passes) },
  {
    name: "events_total",
    type: "counter",
    help: "Events since the monitor started.",
    samples: Array.from(figures.events, ([kind, count]) => [label("kind", kind), count]),
  },
];

const gauge = (name: string, help: string, samples: Metric["samples"]): Metric => ({
  name,
  type: "gauge",
  help,
  samples,
});
const toSeconds = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1000));

/** Formats the page. */
export const formatGauges = (figures: Figures): string =>
  listMetrics(figures)
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const full = `sigedge_monitor_${name}`;
      const lines = samples.map(([labels, value]) => `${full}${labels} ${value}\n`);
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
    })
    .join("");

/** Serves the gauges. The error is a line for the operator. */
export async function serveGauges(
  port: number,
  figures: () => Figures,
): Promise<Result<{ readonly server: Server; readonly port: number }, string>> {
  const server = createServer((request, response) => {
    const isKnown = request.method === "GET" && request.url === "/metrics";
    response.writeHead(isKnown ? 200 : 404, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    response.end(isKnown ? formatGauges(figures()) : "the gauges are at /metrics\n");
  });
  return new Promise((resolve) => {
    server.once("error", (error) => resolve(err(`--metrics-port ${port}: ${error.message}`)));
    server.listen(port, "127.0.0.1", () => {
      const { port: opened } = server.address() as AddressInfo;
      resolve(ok({ server, port: opened }));
    });
  });
}
