// SPDX-License-Identifier: Apache-2.0
// Records the arguments of every process that starts on this machine during a test, as any user could read them.

import { readdirSync, readFileSync } from "node:fs";

/** Shorter than the life of any process of interest. */
const INTERVAL_MS = 10;

/** A running watch. */
export interface ArgumentWatch {
  /** Stops watching and returns each command line seen, its arguments joined by spaces. */
  readonly stop: () => readonly string[];
}

/** Reads /proc until it is stopped. */
export function watchArguments(): ArgumentWatch {
  const lines = new Set<string>();
  const look = (): void => {
    for (const name of readdirSync("/proc")) if (/^\d+$/.test(name)) lines.add(argumentsOf(name));
  };
  const timer = setInterval(look, INTERVAL_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return [...lines].filter((line) => line !== "");
    },
  };
}

function argumentsOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    // The process has ended in the meantime.
    return "";
  }
}
