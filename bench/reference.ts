// SPDX-License-Identifier: Apache-2.0
// Measures how fast this machine is at the moment: a core that is shared with other work takes longer for the same
// instructions.

import { generateKeyPairSync, sign, verify } from "node:crypto";

const ROUNDS = 2000;

/** Returns the milliseconds of CPU that OpenSSL takes for one P-256 verification in this process. */
export function verificationMs(): number {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const message = Buffer.alloc(512);
  const signature = sign("sha256", message, privateKey);
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i++) verify("sha256", message, publicKey, signature);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / ROUNDS;
}
