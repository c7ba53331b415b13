// SPDX-License-Identifier: Apache-2.0
// Reports each log that refuses to write, with its own reason, to /healthz: a log that disagrees with its anchor, with
// R2 or with its key. Kept for a minute, since monitors poll /healthz often.

import { withDeadline } from "../../shared/http/deadline.ts";
import type { Config } from "./env.ts";

const KEEP_MS = 60_000;
const DEADLINE_MS = 1_000;

interface Kept {
  readonly problems: readonly string[];
  readonly until: number;
}

const kept = new WeakMap<Config, Kept>();

/** At most one line per log. A log that does not answer in time is left out. */
export async function logRefusals(config: Config, now: number): Promise<readonly string[]> {
  const known = kept.get(config);
  if (known !== undefined && now < known.until) return known.problems;
  const lines = await Promise.all(config.logs.map(({ name }) => readRefusal(config, name)));
  const problems = lines.filter((line) => line !== null);
  kept.set(config, { problems, until: now + KEEP_MS });
  return problems;
}

async function readRefusal(config: Config, name: string): Promise<string | null> {
  try {
    const log = await withDeadline(DEADLINE_MS, config.describeLog(name));
    return log.state === "refusing" ? `the log ${name} refuses to write: ${log.reason}` : null;
  } catch {
    return null;
  }
}
