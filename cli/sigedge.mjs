#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Starts `sigedge` on a Node that is new enough: the one that runs this, or the one that the project brings in node_modules.
// Plain JavaScript that Node 14 understands.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** As in check-node.mjs. */
const REQUIRED = [22, 22, 2];

const found = process.versions.node.split(".").map(Number);
const difference = REQUIRED.map((part, i) => found[i] - part).find((part) => part !== 0) || 0;
const folder = dirname(fileURLToPath(import.meta.url));

if (difference >= 0) {
  await import("./sigedge.ts");
} else {
  const node = join(folder, "..", "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");
  if (existsSync(node)) {
    const args = [join(folder, "sigedge.mjs"), ...process.argv.slice(2)];
    const { status, signal } = spawnSync(node, args, { stdio: "inherit" });
    if (signal !== null) process.kill(process.pid, signal);
    process.exitCode = status === null ? 2 : status;
  } else {
    console.error(
      `sigedge: Node ${process.versions.node} is too old, ${REQUIRED.join(".")} is needed. ` +
        "Run `npm ci` (without --ignore-scripts): it installs a newer Node inside this folder, for this project only.",
    );
    process.exitCode = 2;
  }
}
