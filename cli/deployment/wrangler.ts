// SPDX-License-Identifier: Apache-2.0
// Runs the unmodified wrangler as a child process. Secrets reach it in files, never as arguments.

import { spawn } from "node:child_process";
import { childEnvironment } from "../child-environment.ts";
import { workingFolder, wranglerScript } from "../root.ts";
import { reasonIn } from "./wrangler-text.ts";

/** A finished run of wrangler. */
export interface WranglerRun {
  readonly passed: boolean;
  readonly stdout: string;
  /** Both streams, in order of arrival. */
  readonly output: string;
}

const MAX_OUTPUT_CHARACTERS = 2 ** 22;
/** Set for child processes: wrangler-hook then does nothing, as everything is prepared. */
export const PREPARED_VARIABLE = "SIGEDGE_PREPARED";

/** Options of a run of wrangler. */
export interface WranglerOptions {
  /** The file for wrangler's machine-readable report. */
  readonly report?: string;
}

/** Runs wrangler to its end. Never rejects: after a failure `passed` is false. @param args without secrets */
export function runWrangler(args: readonly string[], { report }: WranglerOptions = {}): Promise<WranglerRun> {
  const child = spawn(process.execPath, [wranglerScript(), ...args], {
    cwd: workingFolder(),
    stdio: ["ignore", "pipe", "pipe"],
    env: childEnvironment({
      [PREPARED_VARIABLE]: "1",
      // No prompts, no telemetry.
      CI: "true",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_HIDE_BANNER: "true",
      // The output is parsed here; at its most verbose, wrangler would print what it sends.
      WRANGLER_LOG: "log",
      WRANGLER_LOG_SANITIZE: "true",
      WRANGLER_WRITE_LOGS: "false",
      NO_COLOR: "1",
      ...(report === undefined ? {} : { WRANGLER_OUTPUT_FILE_PATH: report }),
    }),
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

/** Why wrangler failed. */
export const reasonOf = ({ output }: WranglerRun): string => reasonIn(output);

/** The JSON that wrangler printed; null if it failed or printed none. */
export function jsonOf({ passed, stdout }: WranglerRun): unknown {
  if (!passed) return null;
  try {
    return JSON.parse(stdout.slice(Math.max(0, stdout.search(/[[{]/))));
  } catch {
    return null;
  }
}
