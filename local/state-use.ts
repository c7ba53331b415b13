// SPDX-License-Identifier: Apache-2.0
// One process uses a state folder at a time. The one that does writes its id and port into the folder, so that a second
// start or a restore is refused with a sentence, and so that a process that was left over can be named.

import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort, LISTEN_ADDRESS } from "../cli/address.ts";
import { readJsonFile } from "../cli/deployment/json-file.ts";
import { makeFolder } from "../cli/keys/keys.ts";
import { err, ok, type Result } from "../shared/result.ts";

/** The process that uses a state folder. */
interface User {
  readonly pid: number;
  readonly port: number;
}

/** A process that has just begun does not listen yet. */
const STARTING_MS = 60_000;

const fileIn = (state: string): string => join(state, "running.json");

/**
 * Takes a state folder for this process until it ends, and creates the folder. The error is a line for the operator:
 * the folder cannot be written, another process uses it, or one was left over.
 */
export async function takeState(state: string, port: number): Promise<Result<null, string>> {
  const former = readUser(state);
  const unused = await checkUnused(state);
  if (!unused.ok) return unused;
  const user: User = { pid: process.pid, port };
  try {
    makeFolder(state);
    const found = readUser(state);
    // Not the file that was checked: removing it would let two processes in.
    if (found !== null && found.pid !== former?.pid) return failTaken(state);
    // The file of a process that has ended. One without content is being written, or was when the machine stopped.
    if (found !== null || !isStarting(state)) rmSync(fileIn(state), { force: true });
    writeFileSync(fileIn(state), JSON.stringify(user), { flag: "wx", mode: 0o600 });
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return code === "EEXIST"
      ? failTaken(state)
      : err(`cannot write the state folder ${state} (${code}); choose another with --state DIR`);
  }
  if (readUser(state)?.pid !== process.pid) return failTaken(state);
  process.once("exit", () => {
    if (readUser(state)?.pid === process.pid) rmSync(fileIn(state), { force: true });
  });
  return ok(null);
}

const failTaken = (state: string): Result<never, string> =>
  err(`another process has just taken the state folder ${state}`);

/** Checks that no process uses a state folder. The error is a line for the operator. */
export async function checkUnused(state: string): Promise<Result<null, string>> {
  const user = readUser(state);
  if (user === null || user.pid === process.pid) return ok(null);
  const { pid, port } = user;
  const isListening = !(await findFreePort(port, LISTEN_ADDRESS)).ok;
  const isAlive = isProcess(pid);
  if (isAlive && (isListening || isStarting(state))) {
    return err(`process ${pid} uses the state folder ${state}, at port ${port}; stop it first`);
  }
  return isListening
    ? err(
        `process ${pid}, which used the state folder ${state}, was killed, and its workerd still listens on port ${port}; end that process first: kill $(lsof -t -iTCP:${port} -sTCP:LISTEN)`,
      )
    : ok(null);
}

/** Null if there is none, or if the file is damaged: it is of no use then, and the next process replaces it. */
function readUser(state: string): User | null {
  const json = readJsonFile(fileIn(state));
  const { pid, port } = (json.ok ? json.value : null) ?? {};
  return typeof pid === "number" && typeof port === "number" ? { pid, port } : null;
}

function isStarting(state: string): boolean {
  try {
    return Date.now() - statSync(fileIn(state)).mtimeMs < STARTING_MS;
  } catch {
    return false;
  }
}

/** Whether a process with this id exists, ours or another user's. */
function isProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
