// SPDX-License-Identifier: Apache-2.0
// The contract of the monitor: it is woken after entries were added, says how far it has looked, and keeps the watches
// of people.

import type { Result } from "../result.ts";
import type { UnixMs } from "../time.ts";

/**
 * Only requests from the deployment itself get here: no public route leads to this path (workers/front/routes.ts).
 */
export const MONITOR_WAKE_PATH = "/monitor/wake";
/** The same for this path: what the monitor finds wrong with itself, as `{"problems": []}`. */
export const MONITOR_PROBLEMS_PATH = "/monitor/problems";

/** How far the monitor has looked in one log. */
export interface LogProgress {
  /** LogConfig.name. */
  readonly log: string;
  /** Entries below this index were looked at, without a gap. */
  readonly next: number;
  /** When the monitor last had looked at everything that the log showed; null before its first look. */
  readonly completeAt: UnixMs | null;
  /** Since when entries have been waiting to be looked at; null if none waits. */
  readonly behindSince: UnixMs | null;
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
  /** When the oldest of them arose; null if none waits. */
  readonly oldestPendingAt: UnixMs | null;
  /** Watches whose messages are held back, because a week of attempts failed. */
  readonly paused: number;
  /** Sentences that say what an operator must do. */
  readonly problems: readonly string[];
}

/** The monitor's heartbeat, for the pages. A rejected promise is the platform's failure. */
export interface MonitorHeartbeatRpc extends Rpc.WorkerEntrypointBranded {
  readState(): Promise<MonitorState>;
}

/** How a person is told. */
export type PersonalChannel =
  | { readonly kind: "webhook"; readonly url: string; readonly secret: string }
  /** To the address that the person has proven. */
  | { readonly kind: "mail"; readonly to: string; readonly isDigest: boolean };

/** A watch as its owner sees it: a secret is shown once, when it is made. */
export interface PersonalWatch {
  readonly id: string;
  readonly kind: PersonalChannel["kind"];
  /** The address of the webhook, or of the mailbox. */
  readonly address: string;
  readonly isDigest: boolean;
  readonly createdAt: UnixMs;
  /** Messages that wait. */
  readonly pending: number;
  readonly failingSince: UnixMs | null;
  readonly pausedAt: UnixMs | null;
  /** Why the newest attempt failed; completes "the receiver …". */
  readonly reason: string | null;
}

/** Why nothing changed. */
export type PersonalWatchError =
  | { readonly code: "watch_unknown" }
  | { readonly code: "watches_exhausted" }
  /** The deployment has as many watches as it may have. */
  | { readonly code: "watch_table_full" }
  /** `reason` completes "the receiver …". */
  | { readonly code: "receiver_failed"; readonly reason: string };

/** A change of a watch. */
export type PersonalChange = "stop" | "resume" | "test";

/**
 * The Durable Object of all watches of a deployment, named PublicUrl.href. A rejected promise is the platform's
 * failure. Who calls it has checked that `name` is the caller's own, as nameText (shared/search/signer.ts) writes it.
 */
export interface MonitorRpc extends Rpc.DurableObjectBranded {
  /** Schedules a look at the logs. Returns until when no further call is necessary. */
  wake(): Promise<UnixMs>;
  readState(): Promise<MonitorState>;
  /** 32 random bytes, made once: they seal what browsers and mailboxes keep for the pages. */
  readSealSecret(): Promise<Uint8Array>;
  listWatches(name: string): Promise<readonly PersonalWatch[]>;
  addWatch(name: string, channel: PersonalChannel): Promise<Result<null, PersonalWatchError>>;
  changeWatch(name: string, id: string, change: PersonalChange): Promise<Result<null, PersonalWatchError>>;
  /** Ends the watch with this id, whoever has it; of a configured one, its mails. False if there is none. */
  endWatch(id: string): Promise<boolean>;
}
