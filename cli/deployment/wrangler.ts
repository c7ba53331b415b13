// SPDX-License-Identifier: Apache-2.0
// Drives the unmodified wrangler of this checkout as a child process. Secrets reach it as files, never as arguments.

import { spawn } from "node:child_process";
import { workingFolder, wranglerScript } from "../root.ts";

export interface WranglerRun {
  readonly passed: boolean;
  readonly stdout: string;
  /** Both streams, in the order in which they came. */
  readonly output: string;
}

const MAX_OUTPUT_CHARACTERS = 2 ** 22;
/** Set for the children: what they are asked to do has been prepared. */
export const PREPARED_VARIABLE = "SIGEDGE_PREPARED";

export interface WranglerOptions {
  /** A file for what wrangler tells programs of what it did. */
  readonly report?: string;
}

/** Runs wrangler to its end; never rejects, a failure is `passed: false`. @param args no secret */
export function wrangler(args: readonly string[], { report }: WranglerOptions = {}): Promise<WranglerRun> {
  const child = spawn(process.execPath, [wranglerScript(), ...args], {
    cwd: workingFolder(),
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      [PREPARED_VARIABLE]: "1",
      // It asks nobody, and tells nobody.
      CI: "true",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_HIDE_BANNER: "true",
      // What it prints is read here; and at its most talkative it prints what it sends.
      WRANGLER_LOG: "log",
      WRANGLER_LOG_SANITIZE: "true",
      WRANGLER_WRITE_LOGS: "false",
      NO_COLOR: "1",
      ...(report === undefined ? {} : { WRANGLER_OUTPUT_FILE_PATH: report }),
    },
  });
  let stdout = "";
  let output = "";
  const take = (text: string): void => {
    output = (output + text).slice(-MAX_OUTPUT_CHARACTERS);
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = (stdout + text).slice(-MAX_OUTPUT_CHARACTERS);
    take(text);
  });
  child.stderr.setEncoding("utf8").on("data", take);
  return new Promise((resolve) => {
    child.once("error", ({ message }) => resolve({ passed: false, stdout, output: `${output}${message}\n` }));
    child.once("close", (code) => resolve({ passed: code === 0, stdout, output }));
  });
}

/** What of wrangler's output says why it failed: its error lines, or its last ones. */
export function reasonOf({ output }: WranglerRun): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !line.includes("Logs were written to"));
  const at = lines.findIndex((line) => line.includes("[ERROR]"));
  return (at < 0 ? lines.slice(-8) : lines.slice(at, at + 12)).join("\n");
}

/** The JSON that a command prints; null if it failed or printed none. */
export function jsonOf({ passed, stdout }: WranglerRun): unknown {
  if (!passed) return null;
  try {
    return JSON.parse(stdout.slice(Math.max(0, stdout.search(/[[{]/))));
  } catch {
    return null;
  }
}
