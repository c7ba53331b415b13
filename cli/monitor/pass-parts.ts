// SPDX-License-Identifier: Apache-2.0
// The parts of a pass over real logs, from the options and the configuration.

import { EXPIRY_MS } from "../../shared/monitor/expiry.ts";
import { needsAuthority, needsHints } from "../../shared/monitor/selectors/needs.ts";
import { httpSource } from "../served-log/log-source.ts";
import type { LimitSettings, MonitorConfig } from "./config/config.ts";
import type { KeepEvidence } from "./evidence.ts";
import type { Journal } from "./journal.ts";
import { logsToWatch, withLogs } from "./logs-to-watch.ts";
import { type Options, witnessesOfPolicy } from "./options.ts";
import type { PassParts } from "./pass.ts";
import type { Limits } from "./scan/context.ts";
import type { Watch } from "./watch.ts";

/** The parts in which a pass that watches differs from one that only looks. */
interface PassPlan extends Pick<PassParts, "onProgress" | "isStopped"> {
  readonly options: Options;
  readonly config: MonitorConfig;
  readonly journal: Journal;
  readonly watch: Watch;
  readonly keepEvidence: KeepEvidence;
}

/** A certificate lives ten minutes; the log and the clocks get five more. */
const DEFAULT_GRACE_MINUTES = 15;
/** The usual maximum merge delay (RFC 6962 §3.5): a log whose head has a time must sign a newer one by then. */
const DEFAULT_STALE_HOURS = 24;
/** Seconds of work, and far more than a quiet log gets while a pass reads. */
const DEFAULT_LAG_ENTRIES = 10_000;
const HOUR_MS = 3_600_000;
/** tlog-tiles allows caches of a few seconds for checkpoints. */
const STALE_WAITS_MS = [1000, 2000, 4000];

/** Makes the parts of a pass. */
export function makePassParts({ options, config, journal, ...rest }: PassPlan): PassParts {
  const policy = config.witnesses === null ? null : witnessesOfPolicy(config.witnesses);
  return {
    ...rest,
    journal,
    witnesses: options.witnesses ?? policy ?? { verifiers: [], policy: null },
    crossChecked: options.crossChecked,
    limits: toLimits(config.limits),
    readsHints: needsHints(config.selectors),
    needsAuthority: (config.rekorMonitor?.authorities ?? null) === null && needsAuthority(config.selectors),
    openSource: (url) => httpSource(url),
    now: Date.now,
    staleWaitsMs: STALE_WAITS_MS,
    findTargets: withLogs(logsToWatch(options, journal, Date.now), config.logs),
    first: options.first ?? config.rekorMonitor?.startIndex ?? 0,
    graceMs: (config.crossCheckMinutes ?? DEFAULT_GRACE_MINUTES) * 60_000,
  };
}

const toLimits = ({ staleHours, idleHours, lagEntries, expiryDays }: LimitSettings): Limits => ({
  staleMs: (staleHours ?? DEFAULT_STALE_HOURS) * HOUR_MS,
  idleMs: idleHours === null ? null : idleHours * HOUR_MS,
  lagEntries: lagEntries ?? DEFAULT_LAG_ENTRIES,
  expiryMs: expiryDays === null ? EXPIRY_MS : expiryDays * 24 * HOUR_MS,
});
