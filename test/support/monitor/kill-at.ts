// SPDX-License-Identifier: Apache-2.0
// Loaded with `node --import` before a command: kills the process with SIGKILL at the KILL_AT-th of the steps by which
// it makes something durable or tells somebody.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const killAt = Number(process.env["KILL_AT"]);
const file = process.env["KILL_FILE"] ?? "";
let steps = 0;

/** Counts a step, and dies before the last one. */
function count<T>(run: () => T): T {
  steps++;
  if (steps === killAt) process.kill(process.pid, "SIGKILL");
  return run();
}

const { openSync, fsyncSync, renameSync } = fs;
const write = process.stdout.write.bind(process.stdout);
const mine = new Set<number>();

fs.openSync = (path, ...rest): number => {
  if (!String(path).startsWith(file)) return openSync(path, ...rest);
  const opened = count(() => openSync(path, ...rest));
  mine.add(opened);
  return opened;
};
fs.fsyncSync = (descriptor): void =>
  mine.has(descriptor) ? count(() => fsyncSync(descriptor)) : fsyncSync(descriptor);
fs.renameSync = (from, to): void =>
  String(to).startsWith(file) ? count(() => renameSync(from, to)) : renameSync(from, to);
process.stdout.write = (chunk: string | Uint8Array): boolean => count(() => write(chunk));
syncBuiltinESMExports();
