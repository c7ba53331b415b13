// SPDX-License-Identifier: Apache-2.0
// What a process has used of the processors, by the kernel's own account of each of its threads: waiting does not count, and
// neither does what else the machine does. Linux only. Spec: https://docs.kernel.org/scheduler/sched-stats.html

import { existsSync, readdirSync, readFileSync } from "node:fs";

export const canMeasure = (): boolean => existsSync("/proc/self/schedstat");

/**
 * Milliseconds since the start of the process, of its main thread: in workerd JavaScript runs there, and HTTP, RPC and SQLite.
 * NaN where the system does not tell. Throws if the process is gone.
 */
export const processorMs = (pid: number): number => (canMeasure() ? threadMs(`/proc/${pid}/task/${pid}`) : Number.NaN);

/** How long that thread has waited for a processor that others had, in ms: what it could have run on a machine of its own. */
export const waitedMs = (pid: number): number =>
  canMeasure() ? Number(schedstat(`/proc/${pid}/task/${pid}`)[1]) / 1e6 : Number.NaN;

/** As processorMs, of all its other threads: there V8 compiles what runs often, and collects garbage. */
export function backgroundMs(pid: number): number {
  const others = readdirSync(`/proc/${pid}/task`).filter((thread) => thread !== String(pid));
  return others.reduce((sum, thread) => sum + threadMs(`/proc/${pid}/task/${thread}`), 0);
}

const threadMs = (folder: string): number => Number(schedstat(folder)[0]) / 1e6;

/** Time on a processor, time waiting for one (both ns), number of time slices. */
const schedstat = (folder: string): readonly string[] => readFileSync(`${folder}/schedstat`, "utf8").split(" ");

/** USER_HZ, which is the same on every Linux. */
const MS_PER_TICK = 10;

/** The part of it that was spent in system calls, in steps of 10 ms. Spec: proc_pid_stat(5), stime */
export function kernelMs(pid: number): number {
  // The name of the command, in parentheses, may hold anything; the fields behind it are numbers.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return Number(fields[12]) * MS_PER_TICK;
}
