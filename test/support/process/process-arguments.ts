// SPDX-License-Identifier: Apache-2.0
// The arguments of every process that starts on this machine while a test watches: what any user could read of it.

import { readdirSync, readFileSync } from "node:fs";

/** Shorter than any process of interest lives. */
const INTERVAL_MS = 10;

export interface ArgumentWatch {
  /** Ends it and gives each command line that was seen, its arguments parted by spaces. */
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
    // It has ended meanwhile.
    return "";
  }
}
