// SPDX-License-Identifier: Apache-2.0
// Reports in /healthz what an operator must do about a log: one that is frozen although the settings do not freeze it,
// one that is full or nearly so. The answer is kept for a minute, since monitors poll /healthz often.

import { withDeadline } from "../../shared/http/deadline.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { describeLogProblem } from "../../shared/logs/problems.ts";
import type { SequencerRpc } from "../../shared/rpc/sequencer.ts";

const KEEP_MS = 60_000;
const DEADLINE_MS = 1_000;

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
    return describeLogProblem(log, description);
  } catch {
    return null;
  }
}
