// SPDX-License-Identifier: Apache-2.0
// Collects what the trust documents are made of: chains from the configuration, keys from the logs themselves, so that what is
// published is what signs.

import type { LogConfig } from "../../../shared/logs/config.ts";
import type { LogKind } from "../../../shared/logs/kinds.ts";
import { writableLogs } from "../../../shared/logs/shards.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { TrustedLog, TrustMaterial } from "../../../shared/trust/material.ts";
import type { Config } from "../env.ts";
import { withDeadline } from "./deadline.ts";

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
  const { publicUrl, logs, caChain, otherCaChains, tsaChain, otherTsaChains } = config;
  const described = new Map(await Promise.all(logs.map(async (log) => [log, await readLog(config, log)] as const)));
  const material = {
    publicUrl,
    signatureLogs: ofKind(described, "signature"),
    certificateLogs: ofKind(described, "certificate"),
    offeredLog: offeredLog(logs, described, unixMs(now)),
    caChain,
    otherCaChains,
    tsaChain,
    otherTsaChains,
  };
  kept.set(config, { material, until: now + KEEP_MS });
  return material;
}

type Described = ReadonlyMap<LogConfig, TrustedLog>;

const ofKind = (described: Described, kind: LogKind): readonly TrustedLog[] =>
  [...described].flatMap(([log, trusted]) => (log.kind === kind ? [trusted] : []));

/** The log to write to: as the settings have it, but for one that is frozen although they do not say so. */
function offeredLog(logs: readonly LogConfig[], described: Described, now: UnixMs): TrustedLog | null {
  const open = writableLogs(logs, "signature", now).map((log) => described.get(log));
  return open.find((log) => log?.frozenAt === null) ?? null;
}

async function readLog(config: Config, { name, baseUrl }: LogConfig): Promise<TrustedLog> {
  const description = await withDeadline(config.describeLog(name), `the ${name} log did not answer`);
  const { spki, logId, createdAt, frozenAt } = description;
  return { baseUrl, spki, logId, createdAt, frozenAt };
}
