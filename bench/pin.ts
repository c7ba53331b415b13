// SPDX-License-Identifier: Apache-2.0
// Who runs where while many clients are simulated: the service has a processor to itself, and the clients have the others.
// By taskset(1), where there is one.

import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

const setAffinity = (pid: number, processors: string, ...options: readonly string[]): boolean =>
  spawnSync("taskset", [...options, "-c", "-p", processors, String(pid)], { stdio: "ignore" }).status === 0;

/**
 * Runs `work` with the main thread of `pid` on the first processor and this process on the others, if that can be had;
 * otherwise where the system puts them. Tells `work` which.
 */
export async function pinned<T>(pid: number, work: (isPinned: boolean) => Promise<T>): Promise<T> {
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
