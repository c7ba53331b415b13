// SPDX-License-Identifier: Apache-2.0
// Everything that the scans of one pass share.

import type { WitnessPolicy } from "../../../shared/tlog/policy.ts";
import type { NoteVerifier } from "../../../shared/tlog/verify-note.ts";
import type { LogSource } from "../../served-log/log-source.ts";
import type { CrossCheck } from "../cross-check/cross-check.ts";
import type { KeepEvidence } from "../evidence.ts";
import type { Journal } from "../journal.ts";
import type { Watch } from "../watch.ts";
import type { OwnAuthorities } from "./own-authority.ts";

/** The witnesses whose cosignatures are expected. */
export interface ExpectedWitnesses {
  readonly verifiers: readonly NoteVerifier[];
  /** How many of them suffice; null if all are required. */
  readonly policy: WitnessPolicy | null;
}

/** Which certificates the cross-check reports. */
export type CrossChecked = "watched" | "all" | "off";

/** From when on a delay is worth an event. */
export interface Limits {
  /** The age of a signed head, in ms. */
  readonly staleMs: number;
  /** How long a log may stay at one size, in ms; null for any time. */
  readonly idleMs: number | null;
  /** Entries that a pass may leave unread. */
  readonly lagEntries: number;
  /** How early the end of a key, an authority or metadata is told, in ms. */
  readonly expiryMs: number;
}

/** The shared parts. */
export interface ScanContext {
  readonly journal: Journal;
  readonly watch: Watch;
  readonly witnesses: ExpectedWitnesses;
  readonly keepEvidence: KeepEvidence;
  /** Null if the logs have no counterpart. */
  readonly crossCheck: CrossCheck | null;
  readonly crossChecked: CrossChecked;
  readonly limits: Limits;
  /** Whether a selector asks for what leaves do not hold. */
  readonly readsHints: boolean;
  /** The authorities of the trusted root. */
  readonly authorities: OwnAuthorities;
  readonly openSource: (url: string) => LogSource;
  readonly now: () => number;
  readonly staleWaitsMs: readonly number[];
}
