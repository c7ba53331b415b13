// SPDX-License-Identifier: Apache-2.0
// Runs a server by others as a process, until it is stopped.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

const START_TIMEOUT_MS = 30_000;
/** How much of a server's output is kept, to say why it does not serve. */
const MAX_OUTPUT = 4000;

/** A program, and the URL that answers with 200 once it serves. */
export interface Program {
  readonly file: string;
  /** In front of the flags. */
  readonly command?: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly healthUrl: string;
}

/** Starts a server, and waits until it serves. Resolves to what stops it. */
export async function startServer({ file, command, flags, healthUrl }: Program): Promise<() => Promise<void>> {
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(file, command === undefined ? args : [command, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-MAX_OUTPUT);
    });
  }
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.kill()) await once(child, "exit");
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isServing(healthUrl))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`${file} does not serve: ${output}`);
    }
    await sleep(50);
  }
  return stop;
}

/** Starts a process whose start its caller waits for. Returns what stops it. */
export function startProcess(file: string, args: readonly string[]): () => Promise<void> {
  const child = spawn(file, args, { stdio: "ignore" });
  return async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill()) await once(child, "exit");
  };
}

async function isServing(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
