// SPDX-License-Identifier: Apache-2.0
// Measures the bundle's size, the CPU that an isolate takes to start, and how soon `npm start` serves requests.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { localUrl } from "../cli/address.ts";
import { runDry } from "../cli/deploy/dry-run.ts";
import { ROOT } from "../cli/root.ts";
import { WORKER } from "../local/stack.ts";
import { figure, type Section } from "./figures.ts";
import { BUDGET, type Plan } from "./plan.ts";
import { processorMs } from "./processor-time.ts";
import { findUnusedPort } from "./stack.ts";
import { median } from "./statistics.ts";

const START_DEADLINE_MS = 30_000;
const END_DEADLINE_MS = 10_000;
const EMPTY_WORKER = "export default { fetch: () => new Response(null) };";

/** Measures the production bundle and `npm start`. */
export async function measureDeployment(plan: Plan, progress: (line: string) => void): Promise<Section> {
  progress("bundle");
  const { passed, output, bundle, gzipBytes } = await runDry(null);
  if (!passed) throw new Error(`wrangler deploy --dry-run failed: ${output}`);
  progress("start-up");
  const startUp = (await startUpMs(bundle, plan.starts)) - (await startUpMs(EMPTY_WORKER, plan.starts));
  progress("npm start");
  const state = mkdtempSync(join(tmpdir(), "sigedge-bench-"));
  try {
    const port = await findUnusedPort();
    const first = await measureStart(state, port);
    const second = await measureStart(state, port);
    return {
      title: "Deployment",
      notes: [
        "start-up: the production bundle in a bare workerd until it answers /healthz, minus what an empty Worker takes.",
      ],
      rows: [
        {
          name: "bundle of the composed Worker, gzip",
          figures: [figure("", gzipBytes / 1024, "KiB", BUDGET.bundleKib)],
        },
        { name: "start-up CPU", figures: [figure("", startUp, "ms", BUDGET.startUpMs)] },
        {
          name: "npm start is ready after",
          figures: [
            figure("new state", first, "s", BUDGET.readySeconds),
            figure("existing state", second, "s", BUDGET.readySeconds),
          ],
        },
      ],
    };
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

/** Returns the CPU time in ms that a bare workerd takes until it has answered one request. */
async function startUpMs(script: string, runs: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-bench-"));
  try {
    writeFileSync(join(folder, "worker.mjs"), script);
    const sample: number[] = [];
    for (let i = 0; i < runs; i++) {
      const port = await findUnusedPort();
      writeFileSync(join(folder, "config.capnp"), workerdConfig(port));
      sample.push(await waitForAnswer(join(folder, "config.capnp"), port));
    }
    return median(sample);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const workerdConfig = (port: number): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "${WORKER.compatibilityDate}",
  compatibilityFlags = [${WORKER.compatibilityFlags.map((flag) => `"${flag}"`).join(", ")}],
);
`;

/** The running process groups and what they wrote to standard error. */
const groups = new Map<number, string>();
process.once("exit", () => {
  for (const group of groups.keys()) if (isAlive(group)) process.kill(-group, "SIGKILL");
});

/**
 * Starts a command in its own process group, as npm runs a shell that runs Node that runs workerd. Returns the group.
 */
function spawnGroup(command: string, args: readonly string[]): number {
  const { pid, stderr } = spawn(command, args, { cwd: ROOT, detached: true, stdio: ["ignore", "ignore", "pipe"] });
  if (pid === undefined) throw new Error(`could not run ${command}`);
  stderr.on("data", (data: Buffer) => {
    groups.set(pid, `${groups.get(pid) ?? ""}${data.toString()}`);
  });
  groups.set(pid, "");
  return pid;
}

/** Resolves when the last process of the group has ended. */
async function endGroup(group: number, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (isAlive(group)) process.kill(-group, signal);
  const deadline = performance.now() + END_DEADLINE_MS;
  while (isAlive(group)) {
    if (performance.now() > deadline) process.kill(-group, "SIGKILL");
    await sleep(10);
  }
  groups.delete(group);
}

function isAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

async function poll(isReady: () => Promise<boolean>, group: number): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (!(await isReady())) {
    if (!isAlive(group)) throw new Error(`the process ended before it was ready: ${groups.get(group)}`);
    if (performance.now() > deadline) throw new Error(`not ready after ${START_DEADLINE_MS / 1000} s`);
    await sleep(5);
  }
}

/** The workerd that Miniflare runs. */
function workerdPath(): string {
  const { default: path } = createRequire(fileURLToPath(import.meta.resolve("miniflare")))("workerd") as {
    readonly default: string;
  };
  return path;
}

async function waitForAnswer(config: string, port: number): Promise<number> {
  const workerd = spawnGroup(workerdPath(), ["serve", config]);
  try {
    await poll(() => isAnswering(`http://127.0.0.1:${port}/healthz`), workerd);
    return processorMs(workerd);
  } finally {
    await endGroup(workerd, "SIGKILL");
  }
}

/** Returns the seconds from the command to the first trusted root served, which needs both logs. */
async function measureStart(state: string, port: number): Promise<number> {
  const started = performance.now();
  const npm = spawnGroup("npm", ["start", "--", "--port", String(port), "--state", state]);
  try {
    await poll(() => isServing(`${localUrl(port)}/trusted_root.json`), npm);
    return (performance.now() - started) / 1000;
  } finally {
    await endGroup(npm, "SIGTERM");
  }
}

const isServing = (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  );

const isAnswering = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );
