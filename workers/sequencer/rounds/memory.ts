// SPDX-License-Identifier: Apache-2.0
// The memory of an open log: its newest tree that the anchor holds, and whether it may write. Trusted for nothing:
// recovery rebuilds it from the rows. log.ts owns it; rounds and maintenance read it and move it forward, always after
// the rows. All that leaves the object is read through it, so nothing leaves that the anchor does not hold.

import type { UnixMs } from "../../../shared/time.ts";
import { type Edge, EMPTY_EDGE } from "../../../shared/tlog/edge.ts";
import type { Recovered } from "../recovery/recover.ts";
import type { RestoredLog } from "../recovery/restore.ts";
import type { LogIdentity } from "../tables/log.ts";
import type { StateRow } from "../tables/state.ts";
import { type NewTree, nextState } from "./round.ts";

/** Whether the log takes entries, and if it does not, why. */
export type Phase =
  | { readonly kind: "starting"; readonly reason: string }
  | { readonly kind: "running" }
  | { readonly kind: "refusing"; readonly reason: string };

/** The memory of one log. */
export class LogMemory {
  phase: Phase = { kind: "starting", reason: "the log has not been opened yet" };
  /** Null until the log may be shown: the anchor must hold its head. */
  identity: LogIdentity | null = null;
  /** The newest state that the anchor holds, null before the rows were read. */
  state: StateRow | null = null;
  /** When the log was frozen, null if it was not. */
  frozenAt: UnixMs | null = null;
  edge: Edge = EMPTY_EDGE;
  /** The backup that is shown instead of the rows, null if the rows are shown. */
  restored: RestoredLog | null = null;

  /** Only a running log writes anything, anywhere: it agrees with its anchor and with R2. */
  get isRunning(): boolean {
    return this.phase.kind === "running";
  }

  /** The newest state that the anchor holds. Throws if the log is not open. */
  openState(): StateRow {
    if (this.state === null) throw new Error("the log is not open");
    return this.state;
  }

  /** Takes what the rows say. */
  load({ identity, state, isAnchored, frozenAt, edge }: Recovered): void {
    this.state = state;
    this.frozenAt = frozenAt;
    this.edge = edge;
    // A head that the anchor is known to hold may be read even if R2 or the anchor is out of reach.
    if (isAnchored) this.identity = identity;
  }

  /** Takes what a backup says, instead of the rows. */
  loadBackup(restored: RestoredLog): void {
    this.restored = restored;
    this.state = restored.state;
    this.edge = restored.edge;
    this.identity = restored.identity;
  }

  /**
   * Moves to the head of a round that the anchor holds now. Cursors may have moved since its transaction. Identities
   * stay in the rows, so memory does not grow with the log or with what R2 and D1 are owed.
   */
  advance(newTree: NewTree): void {
    const { edge } = newTree;
    this.state = nextState(this.openState(), newTree);
    this.edge = edge;
  }
}
