// SPDX-License-Identifier: Apache-2.0
// A fresh clone for a test: this checkout's current files without ignored ones, and a link to its packages.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "../../../cli/root.ts";

/** The result of a command. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A fresh clone. */
export interface Checkout {
  readonly folder: string;
  /** Runs a line in a shell in the clone. */
  readonly run: (line: string, env?: Readonly<Record<string, string>>) => Promise<Ended>;
  readonly remove: () => void;
}

/** Creates a clone in a temporary folder. */
export function createCheckout(): Checkout {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-checkout-"));
  const files = execFileSync("git", ["ls-files", "-coz", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
  for (const file of files.split("\0").filter((name) => name !== "" && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    run: (line, env = {}) => runLine(line, folder, env),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function runLine(line: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const path = `${join(ROOT, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`;
  const child = spawn("bash", ["-euo", "pipefail", "-c", line], {
    cwd,
    // Hides the login and the wrangler settings of the person who runs the test.
    env: {
      PATH: path,
      HOME: cwd,
      XDG_CONFIG_HOME: join(cwd, ".xdg"),
      TMPDIR: tmpdir(),
      WRANGLER_SEND_METRICS: "false",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}
