// SPDX-License-Identifier: Apache-2.0
// A person's folder without a clone: their Node and npm, no settings of ours.

import { type ChildProcess, spawn } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface UserFolder {
  readonly path: string;
  /** Starts a line in a shell that it replaces, so that signals reach the program. */
  readonly start: (line: string, env?: Readonly<Record<string, string>>) => Running;
  /** Runs a line to its end. Rejects, with all its output, unless it exits with this code (0). */
  readonly run: (line: string, expectedCode?: number) => Promise<Ended>;
  readonly remove: () => void;
}

/** The PATH without this project's packages: the Node that the machine has. */
const SYSTEM_PATH = (process.env["PATH"] ?? "")
  .split(":")
  .filter((entry) => !entry.includes("node_modules"))
  .join(":");

/** npm's cache is the only thing that is shared with the person who runs the test. */
const NPM_CACHE = process.env["npm_config_cache"] ?? join(homedir(), ".npm");

export function userFolder(): UserFolder {
  const path = mkdtempSync(join(tmpdir(), "sigedge-user-"));
  const start = (line: string, env: Readonly<Record<string, string>> = {}): Running => {
    const child = spawn("bash", ["-c", `exec ${line}`], {
      cwd: path,
      env: {
        PATH: SYSTEM_PATH,
        HOME: path,
        TMPDIR: tmpdir(),
        npm_config_cache: NPM_CACHE,
        npm_config_prefer_offline: "true",
        npm_config_update_notifier: "false",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    return {
      process: child,
      ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr }))),
    };
  };
  return {
    path,
    start,
    run: async (line, expectedCode = 0) => {
      const ended = await start(line).ended;
      if (ended.code === expectedCode) return ended;
      throw new Error(`${line}: exit code ${ended.code}\n${ended.stdout}${ended.stderr}`);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Lists every file below a folder with size and time of change: equal twice if nothing was written in between. */
export function snapshot(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = lstatSync(path);
      return `${path} ${size} ${mtimeMs}`;
    })
    .toSorted((a, b) => a.localeCompare(b));
}
