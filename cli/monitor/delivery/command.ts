// SPDX-License-Identifier: Apache-2.0
// Runs a command with the event as JSON on its standard input. No shell reads its arguments, and nothing of the event
// is among them. It succeeds with exit code 0.

import { spawn } from "node:child_process";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { toEventJson } from "../../../shared/monitor/message.ts";
import { childEnvironment } from "../../child-environment.ts";
import type { CommandTarget } from "../config/config.ts";
import type { Attempt } from "./deliver.ts";
import { toFailure } from "./http.ts";

const MAX_ERROR_CHARS = 300;
/** How long a command may take to end after it was asked to. */
const GRACE_MS = 2000;

/** Runs the command once. */
export function runCommand(
  { run: [program, ...args], timeoutMs }: CommandTarget,
  event: MonitorEvent,
): Promise<Attempt> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      shell: false,
      stdio: ["pipe", "ignore", "pipe"],
      env: childEnvironment({ SIGEDGE_EVENT_KIND: event.kind, SIGEDGE_EVENT_CLASS: event.class }),
    });
    let errorText = "";
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), GRACE_MS).unref();
    }, timeoutMs);
    const end = (attempt: Attempt): void => {
      clearTimeout(timer);
      child.stderr.destroy();
      resolve(attempt);
    };
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errorText = (errorText + text).slice(0, MAX_ERROR_CHARS);
    });
    // A command that does not read its input has still run.
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${toEventJson(event)}\n`);
    child.on("error", (error) => end(toFailure(`the command did not start: ${codeOf(error)}`)));
    // Not "close": a grandchild may hold the pipe open forever.
    child.on("exit", (code, signal) => {
      if (code === 0 && !isLate) end({ kind: "delivered" });
      else if (isLate) end(toFailure(`the command took longer than ${timeoutMs / 1000} seconds`));
      else end(toFailure(`the command ended with ${signal ?? `exit code ${code ?? 1}`}${describeError(errorText)}`));
    });
  });
}

const codeOf = (error: Error): string => {
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" ? code : error.name;
};

function describeError(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, " ").trim();
  return line === "" ? "" : `: ${line}`;
}
