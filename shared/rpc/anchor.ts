// SPDX-License-Identifier: Apache-2.0
// The contract of an anchor: the newest head of a log, kept apart from the log.

import type { TreeHead } from "../tlog/head.ts";

export interface Advance {
  /** Null only where no head has ever been held. */
  readonly from: TreeHead | null;
  readonly to: TreeHead;
}

/** The Durable Object that holds the newest head of one log, ours or one that we witness. A rejected promise is the platform's failure. */
export interface AnchorRpc extends Rpc.DurableObjectBranded {
  read(): Promise<TreeHead | null>;
  /** True once `to` is durable there; false if the anchor holds neither `from` nor `to`. Safe to repeat. */
  advance(step: Advance): Promise<boolean>;
  /**
   * Moves from exactly this head to the next, at most once: of several that start from one head one is taken, also if they all
   * lead to the same. Gives what is held then, durably.
   */
  exchange(step: Advance): Promise<{ readonly isTaken: boolean; readonly held: TreeHead | null }>;
}

/** Name of the anchor of a log that we witness. No log of ours has a space in its name. */
export const witnessedName = (origin: string): string => `witness ${origin}`;
