// SPDX-License-Identifier: Apache-2.0
// The memory of a monitor is bounded from its start: the same process goes on with a small young generation.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../root.ts";

/** Prints the options of every life of the process, and what V8 makes of them. */
const PRINT = `data:text/javascript,${encodeURIComponent(
  'import v8 from "node:v8"; console.error("LIFE " + JSON.stringify({ pid: process.pid, options: process.execArgv.filter((one) => one.startsWith("--max")), limit: v8.getHeapStatistics().heap_size_limit }));',
)}`;

interface Life {
  readonly pid: number;
  readonly options: readonly string[];
  readonly limit: number;
}

function livesOf(command: string, options = ""): readonly Life[] {
  const { stderr, status } = spawnSync(
    process.execPath,
    ["--import", PRINT, join(ROOT, "cli/sigedge.mjs"), command, "--help"],
    { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: options } },
  );
  expect(status).toBe(0);
  return [...stderr.matchAll(/^LIFE (.*)$/gm)].map(([, json = ""]) => JSON.parse(json) as Life);
}

test("monitor goes on as the same process with a bounded young generation", () => {
  const [first, second, ...more] = livesOf("monitor");
  expect(more).toEqual([]);
  expect(second).toMatchObject({ pid: first?.pid, options: ["--max-semi-space-size=8"] });
  expect(second?.limit).toBeLessThan(first?.limit ?? 0);
});

test("a size that the caller chose counts, and other commands start once", () => {
  expect(livesOf("monitor", "--max-semi-space-size=32")).toHaveLength(1);
  expect(livesOf("audit")).toHaveLength(1);
});
