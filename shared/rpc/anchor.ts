// SPDX-License-Identifier: Apache-2.0
// The contract of an anchor, which stores the newest head of a log apart from the log.

import type { TreeHead } from "../tlog/head.ts";

/** One step of a head. */
export interface Advance {
  /** Null only if the anchor has never held a head. */
  readonly from: TreeHead | null;
  readonly to: TreeHead;
}

/** One step of the head of a log that we witness. */
export interface CosignedAdvance extends Advance {
  /** The checkpoint of `to`, with the lines of the log's keys and the witness's cosignature. */
  readonly note: string;
}

/**
 * The Durable Object that holds the newest head of one log, either ours or one that we witness. A rejected promise is
 * the platform's failure.
 */
export interface AnchorRpc extends Rpc.DurableObjectBranded {
  /** Returns the head that is held, null if there is none yet. */
  read(): Promise<TreeHead | null>;
  /** Returns true once `to` is durable, false if the anchor holds neither `from` nor `to`. Safe to repeat. */
  advance(step: Advance): Promise<boolean>;
  /**
   * Moves from exactly `from` to `to`, at most once: of several exchanges from one head only the first is taken, even
   * if all lead to the same head. The note is kept in the same write. Returns the head that is then held durably.
   */
  exchange(step: CosignedAdvance): Promise<{ readonly isTaken: boolean; readonly held: TreeHead | null }>;
  /** Returns the note that was kept with the head, null if there is none. */
  readNote(): Promise<string | null>;
}

/** The name of the anchor of a log that we witness. Names of our own logs contain no space. */
export const nameOfWitnessed = (origin: string): string => `witness ${origin}`;
