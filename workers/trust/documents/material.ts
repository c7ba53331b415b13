// SPDX-License-Identifier: Apache-2.0
// Collects the contents of the trust documents: the chains from the configuration, and the keys from the logs
// themselves, so that the published keys are the ones that sign.

import { withDeadline } from "../../../shared/http/deadline.ts";
import type { LogConfig } from "../../../shared/logs/config.ts";
import { unixMs } from "../../../shared/time.ts";
import {
  chooseOfferedLogs,
  groupByMember,
  type TrustedLog,
  type TrustMaterial,
} from "../../../shared/trust/material.ts";
import type { Config } from "../env.ts";
import { DEADLINE_MS } from "./deadline.ts";

/** A log's key never changes, so this only bounds how often a flood of readers reaches the sequencer. */
const KEEP_MS = 10_000;

interface Kept {
  readonly material: TrustMaterial;
  readonly until: number;
}

const kept = new WeakMap<Config, Kept>();

/** Returns the complete material. Rejects if a log does not respond, as an incomplete trusted root would be wrong. */
export async function readMaterial(config: Config, now: number): Promise<TrustMaterial> {
  const known = kept.get(config);
  if (known !== undefined && now < known.until) return known.material;
  const { publicUrl, logs, caChain, otherCaChains, tsaChain, otherTsaChains, retiredKeys, oidcProviders } = config;
  const described = new Map(await Promise.all(logs.map(async (log) => [log, await readLog(config, log)] as const)));
  const material = {
    publicUrl,
    ...groupByMember(described),
    offeredLogs: chooseOfferedLogs(logs, described, unixMs(now)),
    caChain,
    otherCaChains,
    tsaChain,
    otherTsaChains,
    retiredKeys,
    oidcProviders,
  };
  kept.set(config, { material, until: now + KEEP_MS });
  return material;
}

async function readLog(config: Config, { name, baseUrl }: LogConfig): Promise<TrustedLog> {
  const description = await withDeadline(DEADLINE_MS, config.describeLog(name), `the ${name} log did not answer`);
  const { spki, logId, createdAt, frozenAt } = description;
  return { baseUrl, spki, logId, createdAt, frozenAt };
}
