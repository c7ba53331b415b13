#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Starts `sigedge` with a Node that is new enough: the one that runs this file, or the one that the package depends on.
// Runs cli/sigedge.ts in a clone, dist/sigedge.js in the published package. Plain JavaScript that Node 14 parses.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The same as in tools/check-node.mjs. */
const REQUIRED = [22, 22, 2];

const found = process.versions.node.split(".").map(Number);
const difference = REQUIRED.map((part, i) => found[i] - part).find((part) => part !== 0) || 0;
/** Missing in a clone, where linters would look for it. */
const BUILT = "../dist/sigedge.js";

const folder = dirname(fileURLToPath(import.meta.url));
const isClone = existsSync(join(folder, "sigedge.ts"));

if (isClone && !isInstalled()) {
  console.error("sigedge: the packages are not installed; run: npm ci");
  process.exitCode = 2;
} else if (difference >= 0) {
  // For this process only: wrangler may run this file again, with the Node of the PATH.
  delete process.env.SIGEDGE_OWN_NODE;
  if (process.argv[2] === "monitor") boundYoungHeap();
  const { main } = await (isClone ? import("./sigedge.ts") : import(BUILT));
  process.exitCode = await main(process.argv.slice(2));
} else {
  // Never twice, should that Node be too old as well.
  const node = process.env.SIGEDGE_OWN_NODE === undefined ? dependencyNode() : null;
  if (node === null) {
    console.error(
      `sigedge: Node ${process.versions.node} is too old; version ${REQUIRED.join(".")} or newer is required. ` +
        (isClone
          ? "Run `npm ci` (without --ignore-scripts): it installs a newer Node in this folder, for this project only."
          : "Install the package again with its install scripts allowed: it brings a newer Node for itself only."),
    );
    process.exitCode = 2;
  } else {
    runWith(node);
  }
}

/**
 * Goes on as the same process with a young generation of 24 MiB. By default V8 lets it grow to 192 MiB in a process
 * that runs for long, whatever is alive in it, and only an option of the start bounds it. Does nothing where the caller
 * has chosen a size, or where a process cannot be replaced (Windows).
 */
function boundYoungHeap() {
  const name = "--max-semi-space-size";
  const options = [...process.execArgv, process.env.NODE_OPTIONS || ""].join(" ").replaceAll("_", "-");
  if (options.includes(name) || typeof process.execve !== "function" || process.platform === "win32") return;
  const args = [process.execPath, ...process.execArgv, `${name}=8`, ...process.argv.slice(1)];
  process.execve(process.execPath, args, process.env);
}

/** Whether `npm ci` has run in this clone. */
function isInstalled() {
  try {
    return createRequire(import.meta.url).resolve("wrangler/package.json") !== "";
  } catch {
    return false;
  }
}

/** The binary of the npm package "node", wherever npm put it; null if npm ran no install scripts. */
function dependencyNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve("node/package.json");
    const binary = join(dirname(manifest), "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

/** Runs this file with another Node, forwards signals to it, and ends as it ends. */
function runWith(node) {
  const child = spawn(node, [join(folder, "sigedge.mjs"), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, SIGEDGE_OWN_NODE: "1" },
  });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) {
    // A terminal sends these two to the child as well, for which a second one would mean: at once.
    process.on(signal, () => (signal !== "SIGTERM" && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  const watch = watchNpm(() => child.kill("SIGTERM"));
  child.on("error", (error) => {
    console.error(`sigedge: could not start ${node} (${error.message})`);
    process.exitCode = 2;
  });
  child.on("exit", (status, signal) => {
    clearInterval(watch);
    for (const handled of signals) process.removeAllListeners(handled);
    if (signal === null) process.exitCode = status;
    else process.kill(process.pid, signal);
  });
}

/** npx runs us through a shell, which ends by a signal without forwarding it: then we have another parent. */
function watchNpm(end) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  return setInterval(() => process.ppid !== parent && end(), 100).unref();
}
