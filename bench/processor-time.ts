// SPDX-License-Identifier: Apache-2.0
// What a process has used of the processors, by the kernel's own account of each of its threads: waiting does not count, and
// neither does what else the machine does. Linux only. Spec: https://docs.kernel.org/scheduler/sched-stats.html

import { existsSync, readdirSync, readFileSync } from "node:fs";

export const canMeasure = (): boolean => existsSync("/proc/self/schedstat");

/**
 * Milliseconds since the start of the process, of all threads: JavaScript, HTTP, RPC and SQLite run on one, V8 compiles and
 * collects garbage on others. Throws if the process is gone.
 */
export function processorMs(pid: number): number {
  if (!canMeasure()) return Number.NaN;
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + threadMs(`/proc/${pid}/task/${thread}`), 0);
}

/** A thread that has ended meanwhile counts as nothing. */
function threadMs(folder: string): number {
  try {
    // Time on a processor, time waiting for one (both ns), number of time slices.
    return Number(readFileSync(`${folder}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  } catch {
    return 0;
  }
}

/** USER_HZ, which is the same on every Linux. */
const MS_PER_TICK = 10;

/** The part of it that was spent in system calls, in steps of 10 ms. Spec: proc_pid_stat(5), stime */
export function kernelMs(pid: number): number {
  // The name of the command, in parentheses, may hold anything; the fields behind it are numbers.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return Number(fields[12]) * MS_PER_TICK;
}
