// SPDX-License-Identifier: Apache-2.0
// Whether a log still lives: it signs its tree again in time, or it grows. A checkpoint without a time says nothing
// about its age, so such a log is judged by its growth, and only where somebody has said how busy it is.

import { unixMs } from "../../../shared/time.ts";
import type { AuditedHead } from "../../served-log/head.ts";
import type { LogState } from "../state/state.ts";
import type { ScanContext } from "./context.ts";

/** Reports a log that should have signed or grown, and has not. One that is frozen need not. */
export function judgeLiveness(log: LogState, head: AuditedHead, { journal, limits, now }: ScanContext): void {
  const { origin, frozenSize, grewAt } = log;
  if (frozenSize !== null) return;
  const lateSince = [
    isOlder(head.timestamp, now() - limits.staleMs) ? head.timestamp : null,
    limits.idleMs !== null && isOlder(grewAt, now() - limits.idleMs) ? grewAt : null,
  ].filter((time) => time !== null);
  if (lateSince.length === 0) return;
  const since = unixMs(Math.min(...lateSince));
  journal.reportCondition("log.stalled", { log: origin }, () => ({ since, size: head.treeSize }));
}

const isOlder = (time: number | null, limit: number): boolean => time !== null && time < limit;
