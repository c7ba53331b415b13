// SPDX-License-Identifier: Apache-2.0
// The coverage of one log by a pass, the heartbeat of a monitor. Silence says nothing; "scanned [a, b), no gap" does.

import type { LogKind } from "../../shared/logs/kinds.ts";
import { formatRfc3339, type UnixMs } from "../../shared/time.ts";

/** A range of entries that was not read; without an end if the size of the log is unknown. */
interface Unread {
  readonly from: number;
  readonly to: number | null;
}

/** The coverage of one log by one pass. */
export interface Coverage {
  /** The origin of the log's checkpoints. */
  readonly log: string;
  readonly kind: LogKind;
  readonly url: string;
  /** This pass has read the entries from here … */
  readonly from: number;
  /** … up to here, without this one. */
  readonly to: number;
  /** The entries below it were never read, as the first run was told. */
  readonly neverScanned: number;
  readonly at: UnixMs;
  readonly size: number | null;
  /** Base64; null if no head could be read. */
  readonly root: string | null;
  /** All that was not read, in this pass or before. */
  readonly gaps: readonly Unread[];
}

/** Whether nothing is missing. */
export const isWhole = ({ gaps }: Coverage): boolean => gaps.length === 0;

/** `scanned [0, 300) of log sign.example.com at 2026-11-30T02:00:00Z, no gap` */
export function coverageLine(coverage: Coverage): string {
  const { from, to, log, at, gaps, neverScanned } = coverage;
  const shown = gaps.slice(0, MAX_SHOWN).map((gap) => `[${gap.from}, ${gap.to ?? "end"})`);
  const more = gaps.length > MAX_SHOWN ? ` and ${gaps.length - MAX_SHOWN} more` : "";
  const missing = isWhole(coverage) ? "no gap" : `GAPS: ${shown.join(", ")}${more}`;
  const never = neverScanned === 0 ? "" : `; entries [0, ${neverScanned}) were never scanned`;
  return `scanned [${from}, ${to}) of log ${log} at ${formatRfc3339(at)}, ${missing}${never}`;
}

const MAX_SHOWN = 5;
