// SPDX-License-Identifier: Apache-2.0
// Reads the CPU time of a process from the kernel's accounts of its threads. Neither waiting nor other processes count.
// Linux only. Spec: https://docs.kernel.org/scheduler/sched-stats.html

import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Whether this system keeps such accounts. */
export const canMeasure = (): boolean => existsSync("/proc/self/schedstat");

/**
 * Returns the CPU time in ms of the process's main thread, on which workerd runs JavaScript, HTTP, RPC and SQLite. NaN
 * on a system without accounts. Throws if the process has ended.
 */
export const processorMs = (pid: number): number => (canMeasure() ? threadMs(`/proc/${pid}/task/${pid}`) : Number.NaN);

/** Returns how many ms that thread was runnable but waited for a processor. */
export const readWaitMs = (pid: number): number =>
  canMeasure() ? Number(schedstat(`/proc/${pid}/task/${pid}`)[1]) / 1e6 : Number.NaN;

/** Returns the CPU time in ms of all other threads, on which V8 optimizes code and collects garbage. */
export function backgroundMs(pid: number): number {
  const others = readdirSync(`/proc/${pid}/task`).filter((thread) => thread !== String(pid));
  return others.reduce((sum, thread) => sum + threadMs(`/proc/${pid}/task/${thread}`), 0);
}

/** Returns the CPU time in ms of all threads. */
export const totalMs = (pid: number): number => processorMs(pid) + backgroundMs(pid);

const threadMs = (folder: string): number => Number(schedstat(folder)[0]) / 1e6;

/** Time on a processor and time waiting for one, both in ns, and the number of time slices. */
const schedstat = (folder: string): readonly string[] => readFileSync(`${folder}/schedstat`, "utf8").split(" ");

/** USER_HZ, which is the same on every Linux. */
const MS_PER_TICK = 10;

/**
 * Returns the CPU time in ms that the process spent in system calls, in steps of 10 ms. Spec: proc_pid_stat(5), stime
 */
export function kernelMs(pid: number): number {
  // The command's name, in parentheses, may contain anything; the fields after it are numbers.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return Number(fields[12]) * MS_PER_TICK;
}
