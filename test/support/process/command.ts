// SPDX-License-Identifier: Apache-2.0
// Runs one of the project's commands as a real process, with its output and exit code.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../../cli/root.ts";

interface Ended {
  /** Null if a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command. */
export interface Command {
  readonly process: ChildProcess;
  /** Resolves to the elapsed ms when standard output contains the text; rejects if the process ends first. */
  readonly says: (text: string) => Promise<number>;
  readonly ended: Promise<Ended>;
}

/** Arguments and environment of a command. */
export interface CommandOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a file of the repository with the test's Node, in its own process group, without a terminal. */
export function runCommand(file: string, { args = [], env = {} }: CommandOptions = {}): Command {
  const started = performance.now();
  const child = spawn(process.execPath, [join(ROOT, file), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
  const waitForText = (text: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve(performance.now() - started);
      };
      child.stdout.on("data", look);
      void ended.then((end) => reject(new Error(`ended with ${end.code}: ${end.stderr}`)));
      look();
    });
  return { process: child, says: waitForText, ended };
}
