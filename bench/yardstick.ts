// SPDX-License-Identifier: Apache-2.0
// How fast this machine is just now: a core that is shared with other work takes longer over the same instructions.

import { generateKeyPairSync, sign, verify } from "node:crypto";

const ROUNDS = 2000;

/** Milliseconds of CPU that OpenSSL takes for one P-256 verification in this process. */
export function verificationMs(): number {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const message = Buffer.alloc(512);
  const signature = sign("sha256", message, privateKey);
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i++) verify("sha256", message, publicKey, signature);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / ROUNDS;
}
