// SPDX-License-Identifier: Apache-2.0
// CPU and memory of a process as Linux counts them.

import { readdirSync, readFileSync } from "node:fs";

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The thread or process has ended.
    return "";
  }
};

/** CPU time of all threads of a process so far. */
export function cpuMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const ns = readdirSync(tasks).map((task) => Number(read(`${tasks}/${task}/schedstat`).split(" ")[0] ?? 0));
  return ns.reduce((sum, one) => sum + one, 0) / 1e6;
}

/** The most memory that a process has had resident. */
export const peakMegabytes = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
