// SPDX-License-Identifier: Apache-2.0
// Finds the process that listens on a port of this machine, to kill it in a crash test.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Returns the process id; null if nothing listens. */
export function listenerPid(port: number): number | null {
  return existsSync("/proc/net/tcp") ? findInProc(port) : findWithLsof(port);
}

function findInProc(port: number): number | null {
  // sl local_address rem_address st … inode: the address ends in the port in hex, state 0A is LISTEN.
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  const listening = rows.filter(([, local, , state]) => local?.endsWith(suffix) === true && state === "0A");
  const sockets = new Set(listening.map((row) => `socket:[${row[9]}]`));
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const owner = pids.find((pid) => openFiles(pid).some((file) => sockets.has(file)));
  return owner === undefined ? null : Number(owner);
}

/** The targets of a process's file descriptors; empty if it has ended or is not ours. */
function openFiles(pid: string): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((fd) => linkOf(`${folder}/${fd}`));
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function findWithLsof(port: number): number | null {
  try {
    return Number(execFileSync("lsof", ["-nP", "-t", `-iTCP:${port}`, "-sTCP:LISTEN"], { encoding: "utf8" }).trim());
  } catch {
    return null;
  }
}
