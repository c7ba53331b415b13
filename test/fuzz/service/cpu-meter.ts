// SPDX-License-Identifier: Apache-2.0
// CPU and memory of a process as Linux counts them, and the speed of this machine.

import { generateKeyPairSync, sign, verify } from "node:crypto";
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

const KEYS = generateKeyPairSync("ec", { namedCurve: "P-256" });
const MESSAGE = Buffer.from("message");
const SIGNATURE = sign("sha256", MESSAGE, KEYS.privateKey);

/** The time of a P-256 verification on this machine now: the fastest of some groups. */
export function verificationMs(): number {
  const groups = Array.from({ length: 10 }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < 20; i++) verify("sha256", MESSAGE, KEYS.publicKey, SIGNATURE);
    return process.cpuUsage(before).user / 20_000;
  });
  return Math.min(...groups);
}
