// SPDX-License-Identifier: Apache-2.0
// The contract of the monitor: it is woken after entries were added, and says how far it has looked.

import type { UnixMs } from "../time.ts";

/**
 * Only requests from the deployment itself get here: no public route leads to this path (workers/front/routes.ts).
 */
export const MONITOR_WAKE_PATH = "/monitor/wake";

/** How far the monitor has looked in one log. */
interface LogProgress {
  /** LogConfig.name. */
  readonly log: string;
  /** Entries below this index were looked at, without a gap. */
  readonly next: number;
  /** When the monitor last had looked at everything that the log showed. */
  readonly completeAt: UnixMs;
  /** Size of the newest head that the log shows; null if it does not answer. */
  readonly treeSize: number | null;
}

/** The monitor's report on itself. */
export interface MonitorState {
  /** Whether anybody watches anything. Without a watcher it looks at nothing. */
  readonly isWatching: boolean;
  readonly logs: readonly LogProgress[];
  /** Messages that wait to be delivered. */
  readonly pending: number;
  /** When the oldest of them became due; null if none is. */
  readonly oldestPendingAt: UnixMs | null;
  /** Watches whose messages are held back, because a week of attempts failed. */
  readonly paused: number;
}

/**
 * The Durable Object of all watches of a deployment, named PublicUrl.href. A rejected promise is the platform's
 * failure.
 */
export interface MonitorRpc extends Rpc.DurableObjectBranded {
  /** Schedules a look at the logs. Returns until when no further call is necessary. */
  wake(): Promise<UnixMs>;
  readState(): Promise<MonitorState>;
}
