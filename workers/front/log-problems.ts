// SPDX-License-Identifier: Apache-2.0
// Reports in /healthz each log that is frozen although the settings do not freeze it. The answer is kept for a minute,
// since monitors poll /healthz often.

import type { LogConfig } from "../../shared/logs/config.ts";
import type { SequencerRpc } from "../../shared/rpc/sequencer.ts";
import { formatRfc3339 } from "../../shared/time.ts";

const KEEP_MS = 60_000;
const DEADLINE_MS = 1_000;

interface Kept {
  readonly problems: readonly string[];
  readonly until: number;
}

const kept = new WeakMap<readonly LogConfig[], Kept>();

/** At most one line per log. A log that does not answer in time is left out: /metrics reports it. */
export async function logProblems(
  logs: readonly LogConfig[],
  sequencer: DurableObjectNamespace<SequencerRpc>,
): Promise<readonly string[]> {
  const known = kept.get(logs);
  if (known !== undefined && Date.now() < known.until) return known.problems;
  const lines = await Promise.all(logs.map((log) => problemOf(log, sequencer)));
  const problems = lines.filter((line) => line !== null);
  kept.set(logs, { problems, until: Date.now() + KEEP_MS });
  return problems;
}

async function problemOf(log: LogConfig, sequencer: DurableObjectNamespace<SequencerRpc>): Promise<string | null> {
  try {
    const deadline = new Promise<null>((resolve) => setTimeout(() => resolve(null), DEADLINE_MS));
    const description = await Promise.race([sequencer.getByName(log.name).describe(), deadline]);
    const frozenAt = description?.frozenAt ?? null;
    if (frozenAt === null || log.isFrozen) return null;
    return `the log ${log.name} has been frozen since ${formatRfc3339(frozenAt)}, permanently: freeze it in SHARDS again`;
  } catch {
    return null;
  }
}
