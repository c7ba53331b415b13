// SPDX-License-Identifier: Apache-2.0
// How far the monitor is behind each log: silence of a monitor must not look like "all is well".

import type { LogHead } from "../../../shared/rpc/log-reads.ts";
import type { LogProgress } from "../../../shared/rpc/monitor.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { CursorTable } from "./cursor-table.ts";

/** Longer than any look takes, its retries included. */
const MAX_LAG_MS = 15 * 60_000;

/** Remembers since when each log has been ahead of the monitor; a restarted object begins anew. */
export class Heartbeat {
  readonly #cursors: Pick<CursorTable, "get">;
  readonly #behindSince = new Map<string, UnixMs>();

  constructor(cursors: Pick<CursorTable, "get">) {
    this.#cursors = cursors;
  }

  /** The progress in each log, as of now. */
  read(heads: readonly LogHead[], now: UnixMs): readonly LogProgress[] {
    return heads.map(({ name, head }) => {
      const { next, completeAt } = this.#cursors.get(name) ?? { next: 0, completeAt: null };
      const treeSize = head?.treeSize ?? null;
      const since = this.#noteLag(name, treeSize !== null && next >= treeSize, now);
      // A busy log is ahead whenever somebody asks, and every look is complete all the same.
      const behindSince = since === null ? null : unixMs(Math.max(since, completeAt ?? 0));
      return { log: name, next, completeAt, treeSize, behindSince };
    });
  }

  #noteLag(log: string, isComplete: boolean, now: UnixMs): UnixMs | null {
    if (isComplete) {
      this.#behindSince.delete(log);
      return null;
    }
    const since = this.#behindSince.get(log) ?? now;
    this.#behindSince.set(log, since);
    return since;
  }
}

/** Whether the monitor has been behind this log for longer than it may be. */
export const isLagging = ({ behindSince }: LogProgress, now: UnixMs): boolean =>
  behindSince !== null && now - behindSince >= MAX_LAG_MS;

/** One sentence for each log that the monitor has been behind for longer than it may be. */
export const describeLags = (logs: readonly LogProgress[], now: UnixMs): readonly string[] =>
  logs.flatMap((progress) => {
    const { log, next, treeSize } = progress;
    if (!isLagging(progress, now)) return [];
    const behind = treeSize === null ? "cannot read" : `is ${treeSize - next} entries behind`;
    return [`the monitor ${behind} the log ${log}: its log lines say why (monitor_look_failed)`];
  });
