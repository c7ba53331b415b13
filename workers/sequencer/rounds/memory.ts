// SPDX-License-Identifier: Apache-2.0
// The memory of an open log: a copy of its newest rows, and whether it may write. Trusted for nothing: recovery
// rebuilds it from the rows. log.ts owns it; rounds and maintenance read it and move it forward, always after the rows.

import type { UnixMs } from "../../../shared/time.ts";
import { type Edge, EMPTY_EDGE } from "../../../shared/tlog/edge.ts";
import type { Recovered } from "../recovery/recover.ts";
import type { RestoredLog } from "../recovery/restore.ts";
import type { LogIdentity, StateRow } from "../storage.ts";
import type { NewTree } from "./round.ts";

/** Whether the log takes entries, and if it does not, why. */
export type Phase =
  | { readonly kind: "starting"; readonly reason: string }
  | { readonly kind: "running" }
  | { readonly kind: "refusing"; readonly reason: string };

/** The memory of one log. */
export class LogMemory {
  phase: Phase = { kind: "starting", reason: "the log has not been opened yet" };
  /** Null until the log may be shown: its creation must be complete. */
  identity: LogIdentity | null = null;
  /** The newest committed state, null before the rows were read. */
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

  /** The newest committed state. Throws if the log is not open. */
  openState(): StateRow {
    if (this.state === null) throw new Error("the log is not open");
    return this.state;
  }

  /** Takes what the rows say. */
  load({ identity, state, frozenAt, edge }: Recovered): void {
    this.state = state;
    this.frozenAt = frozenAt;
    this.edge = edge;
    // A log that has grown was opened before, so its head may be read even if R2 or the anchor is out of reach. A new
    // log stays hidden until the anchor holds its head.
    if (state.treeSize > identity.genesisSize) this.identity = identity;
  }

  /** Takes what a backup says, instead of the rows. */
  loadBackup(restored: RestoredLog): void {
    this.restored = restored;
    this.state = restored.state;
    this.edge = restored.edge;
    this.identity = restored.identity;
  }

  /**
   * Follows a committed round, in the turn of its transaction. Identities stay in the rows, so memory does not grow
   * with the log or with what R2 and D1 are owed.
   */
  commit(state: StateRow, { edge }: NewTree): void {
    this.state = state;
    this.edge = edge;
  }
}
