// SPDX-License-Identifier: Apache-2.0
// Every metric of /metrics is on the dashboard, or left out on purpose; the dashboard asks for no other.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { testLogs } from "../../test/support/logs/memory-log.ts";
import { serveMetrics } from "./metrics.ts";

/** They never change, or change once, and the panel of running logs shows it. */
const LEFT_OUT = ["sigedge_log_created_timestamp_seconds", "sigedge_log_frozen", "sigedge_log_frozen_against_settings"];

const FOLDER = join(import.meta.dirname, "../../docs/observability");

/** The names in the page of a deployment; a metric without a sample has its HELP line. */
async function metricNames(): Promise<readonly string[]> {
  const page = await serveMetrics([], Object.values(testLogs), {
    sequencer: { getByName: () => ({ describe: () => Promise.resolve({ state: "running", treeSize: 1 }) }) } as never,
    trust: () => Promise.resolve({ problems: [], expiries: [] } as never),
    search: () => Promise.resolve({ byLog: null, bytes: 1, problems: [] }),
    monitor: () => Promise.resolve({ state: null, problems: [] }),
  });
  return [...(await page.text()).matchAll(/^# HELP (\w+) /gm)].map(([, name = ""]) => name);
}

it("shows every metric that it does not leave out", async () => {
  const text = readFileSync(join(FOLDER, "dashboard.json"), "utf8");
  const { panels } = JSON.parse(text) as {
    readonly panels: readonly { readonly targets?: readonly { expr: string }[] }[];
  };
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join("\n");
  const shown = new Set(queries.match(/sigedge_\w+/g));
  const names = await metricNames();
  expect(names.length).toBeGreaterThan(10);
  expect([...shown, ...LEFT_OUT].toSorted()).toEqual(names.toSorted());
});

it("has a row of the table for every metric", async () => {
  const table = readFileSync(join(FOLDER, "README.md"), "utf8");
  for (const name of await metricNames()) expect(table).toContain(`\`${name}\``);
});

it("has panels that neither overlap nor share an id", () => {
  const { panels } = JSON.parse(readFileSync(join(FOLDER, "dashboard.json"), "utf8")) as {
    readonly panels: readonly {
      readonly id: number;
      readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
    }[];
  };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});
