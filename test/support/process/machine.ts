// SPDX-License-Identifier: Apache-2.0
// How fast this machine is at the moment: a core that is shared with other work takes longer for the same instructions.

import { generateKeyPairSync, sign, verify } from "node:crypto";

const KEYS = generateKeyPairSync("ec", { namedCurve: "P-256" });
const MESSAGE = Buffer.alloc(512);
const SIGNATURE = sign("sha256", MESSAGE, KEYS.privateKey);

/** The CPU time of one P-256 verification by OpenSSL, in this process now: the fastest of some groups. */
export function verificationMs(): number {
  const groups = Array.from({ length: 20 }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < 50; i++) verify("sha256", MESSAGE, KEYS.publicKey, SIGNATURE);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 50_000;
  });
  return Math.min(...groups);
}

/** Budgets of CPU time are those of a machine on which a P-256 verification takes so long. */
export const REFERENCE_MS = 0.1;

/** How many times longer this machine takes than the one of the budgets; 1 for a faster one. */
export const measureSlowness = (): number => Math.max(1, verificationMs() / REFERENCE_MS);
