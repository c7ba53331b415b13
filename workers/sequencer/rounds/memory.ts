// SPDX-License-Identifier: Apache-2.0
// The memory of an open log: a copy of its newest rows, and whether it may write. Trusted for nothing: recovery
// rebuilds it from the rows. log.ts owns it; rounds and maintenance read it and move it forward, always after the rows.

import { encodeHex } from "../../../shared/bytes/hex.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { type Edge, EMPTY_EDGE } from "../../../shared/tlog/edge.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import type { LogFormat } from "../kinds/kind.ts";
import type { Recovered } from "../recovery/recover.ts";
import type { RestoredLog } from "../recovery/restore.ts";
import type { LogIdentity, StateRow } from "../storage.ts";
import type { KnownEntry, NewTree } from "./round.ts";

/** Whether the log takes entries, and if it does not, why. */
export type Phase =
  | { readonly kind: "starting"; readonly reason: string }
  | { readonly kind: "running" }
  | { readonly kind: "refusing"; readonly reason: string };

/** The memory of one log. */
export class LogMemory {
  readonly #format: Pick<LogFormat, "remembersAll">;
  #tail = new Map<string, KnownEntry>();

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

  constructor(format: Pick<LogFormat, "remembersAll">) {
    this.#format = format;
  }

  /** Only a running log writes anything, anywhere: it agrees with its anchor and with R2. */
  get isRunning(): boolean {
    return this.phase.kind === "running";
  }

  /** How many identities are kept in memory. */
  get tailSize(): number {
    return this.#tail.size;
  }

  /** The newest committed state. Throws if the log is not open. */
  openState(): StateRow {
    if (this.state === null) throw new Error("the log is not open");
    return this.state;
  }

  /** Takes what the rows say. */
  load({ identity, state, frozenAt, edge, tail }: Recovered): void {
    this.state = state;
    this.frozenAt = frozenAt;
    this.edge = edge;
    this.#tail = new Map(tail);
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

  /** Follows a committed round, in the turn of its transaction. */
  commit(state: StateRow, { edge, entries }: NewTree): void {
    this.state = state;
    this.edge = edge;
    // A log that remembers all identities looks them up in its rows, so its memory does not grow while D1 is down.
    if (this.#format.remembersAll) return;
    for (const { identity, leafIndex, timestamp } of entries) {
      this.#tail.set(encodeHex(identity), { leafIndex, timestamp });
    }
  }

  /**
   * The place of an identity in the tail, null if it is not there. Always null in a log that remembers all in its rows.
   */
  findInTail(identity: Hash): KnownEntry | null {
    return this.#tail.get(encodeHex(identity)) ?? null;
  }

  /** Forgets the identities of entries below `end`, whose rows are gone. */
  forgetBelow(end: number): void {
    for (const [key, { leafIndex }] of this.#tail) if (leafIndex < end) this.#tail.delete(key);
  }
}
