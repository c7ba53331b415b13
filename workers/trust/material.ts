// SPDX-License-Identifier: Apache-2.0
// Collects what the trust documents are made of: chains from the configuration, keys from the logs themselves, so that what is
// published is what signs.

import type { LogConfig } from "../../shared/logs.ts";
import type { TrustedLog, TrustMaterial } from "../../shared/trust/material.ts";
import { withDeadline } from "./deadline.ts";
import type { Config } from "./env.ts";

/** The key of a log never changes, so this only bounds how often a flood of readers reaches the sequencer. */
const KEEP_MS = 10_000;

interface Kept {
  readonly material: TrustMaterial;
  readonly until: number;
}

const kept = new WeakMap<Config, Kept>();

/** The material of a deployment, whole; rejects if a log does not answer, as half a trusted root is a wrong one. */
export async function readMaterial(config: Config, now: number): Promise<TrustMaterial> {
  const known = kept.get(config);
  if (known !== undefined && now < known.until) return known.material;
  const { publicUrl, logs, caChain, otherCaChains, tsaChain } = config;
  const [signatureLog, certificateLog] = await Promise.all([
    readLog(config, logs.signature),
    readLog(config, logs.certificate),
  ]);
  const material = { publicUrl, signatureLog, certificateLog, caChain, otherCaChains, tsaChain };
  kept.set(config, { material, until: now + KEEP_MS });
  return material;
}

async function readLog(config: Config, { name, baseUrl }: LogConfig): Promise<TrustedLog> {
  const { spki, logId, createdAt } = await withDeadline(config.describeLog(name), `the ${name} log did not answer`);
  return { baseUrl, spki, logId, createdAt };
}
