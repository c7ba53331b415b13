// SPDX-License-Identifier: Apache-2.0
// Pins the service to one processor and the clients to the others, with taskset(1) where it is available.

import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

const setAffinity = (pid: number, processors: string, ...options: readonly string[]): boolean =>
  spawnSync("taskset", [...options, "-c", "-p", processors, String(pid)], { stdio: "ignore" }).status === 0;

/**
 * Runs `work` with the main thread of `pid` on the first processor and this process on the others. `work` learns
 * whether the system allowed that.
 */
export async function runPinned<T>(pid: number, work: (isPinned: boolean) => Promise<T>): Promise<T> {
  const count = availableParallelism();
  const all = `0-${count - 1}`;
  const isPinned = count > 1 && setAffinity(pid, "0") && setAffinity(process.pid, `1-${count - 1}`, "-a");
  try {
    return await work(isPinned);
  } finally {
    setAffinity(pid, all);
    setAffinity(process.pid, all, "-a");
  }
}
