// SPDX-License-Identifier: Apache-2.0
// One monitor for each state file: two would overwrite each other's cursors. The lock is a file that names its process;
// one whose process is gone is taken over, so that kill -9 needs no cleaning up.

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { isObject } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { err, ok, type Result } from "../../../shared/result.ts";

/** A lock that is held. */
export interface Lock {
  readonly release: () => void;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells two processes of one id apart: in a container every process may have the id 1. */
  readonly started: string;
}

/** Takes the lock of a state file, whose folder it makes. The error is a line for the operator. */
export function takeLock(stateFile: string): Result<Lock, string> {
  const file = `${stateFile}.lock`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    return tryLock(file);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return err(`${file} cannot be written (${reason}): choose another place with --state`);
  }
}

function tryLock(file: string): Result<Lock, string> {
  for (let attempt = 0; attempt < 3; attempt++) {
    if (createLock(file)) return ok({ release: () => rmSync(file, { force: true }) });
    const owner = readOwner(file);
    if (owner !== null && isRunning(owner)) {
      return err(
        `another monitor uses this state (process ${owner.pid} on ${owner.host}): stop it, or give another file with --state; ` +
          `if it no longer runs, remove ${file}`,
      );
    }
    rmSync(file, { force: true });
  }
  return err(`${file} cannot be taken: another monitor is starting; run this one again`);
}

function createLock(file: string): boolean {
  try {
    const opened = openSync(file, "wx", 0o600);
    const owner: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) ?? "" };
    writeSync(opened, JSON.stringify(owner));
    closeSync(opened);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Null for a lock that a crash has left unfinished. */
function readOwner(file: string): Owner | null {
  try {
    const json = parseJson(readFileSync(file));
    if (!json.ok || !isObject(json.value)) return null;
    const { pid, host, started } = json.value;
    if (typeof pid !== "number" || typeof host !== "string" || typeof started !== "string") return null;
    return { pid, host, started };
  } catch {
    return null;
  }
}

function isRunning({ pid, host, started }: Owner): boolean {
  // Nobody here can tell whether a process of another machine runs.
  if (host !== hostname()) return true;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const now = startOf(pid);
  return now === null || started === "" || now === started;
}

/** When a process started, in ticks since boot (proc(5), field 22); null where the system does not say. */
function startOf(pid: number): string | null {
  try {
    const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/\) /);
    return fields.split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
