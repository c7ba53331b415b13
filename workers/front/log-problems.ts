// SPDX-License-Identifier: Apache-2.0
// Reports in /healthz what an operator must do about a log: one that is frozen although the settings do not freeze it,
// one that is full or nearly so. The answer is kept for a minute, since monitors poll /healthz often.

import { withDeadline } from "../../shared/http/deadline.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import type { LogDescription, SequencerRpc } from "../../shared/rpc/sequencer.ts";
import { formatRfc3339 } from "../../shared/time.ts";

const KEEP_MS = 60_000;
const DEADLINE_MS = 1_000;

/** Early enough to open another log, which needs a hostname. */
const NEARLY_FULL_PERCENT = 80;

interface Kept {
  readonly problems: readonly string[];
  readonly until: number;
}

const kept = new WeakMap<readonly LogConfig[], Kept>();

/** At most one line per log. A log that does not answer in time is left out: /metrics reports it. */
export async function findLogProblems(
  logs: readonly LogConfig[],
  sequencer: DurableObjectNamespace<SequencerRpc>,
): Promise<readonly string[]> {
  const known = kept.get(logs);
  if (known !== undefined && Date.now() < known.until) return known.problems;
  const lines = await Promise.all(logs.map((log) => findProblem(log, sequencer)));
  const problems = lines.filter((line) => line !== null);
  kept.set(logs, { problems, until: Date.now() + KEEP_MS });
  return problems;
}

async function findProblem(log: LogConfig, sequencer: DurableObjectNamespace<SequencerRpc>): Promise<string | null> {
  try {
    const description = await withDeadline(DEADLINE_MS, sequencer.getByName(log.name).describe());
    return describeProblem(log, description);
  } catch {
    return null;
  }
}

function describeProblem({ name, isFrozen }: LogConfig, log: LogDescription): string | null {
  if (log.frozenAt !== null) {
    if (isFrozen) return null;
    return `the log ${name} has been frozen since ${formatRfc3339(log.frozenAt)}, permanently: freeze it in SHARDS again`;
  }
  if (log.state === "full" || log.state === "over_quota") return `the log ${name} takes no entries: ${log.reason}`;
  // A sequencer that is deployed apart may be older and know no size.
  const percent = Math.floor((100 * (log.storageBytes ?? 0)) / (log.storageLimitBytes ?? 1));
  return percent < NEARLY_FULL_PERCENT
    ? null
    : `the storage of the log ${name} is ${percent} % full, and at 95 % it takes no more entries: open another log of its kind in SHARDS`;
}
