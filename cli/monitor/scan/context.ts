// SPDX-License-Identifier: Apache-2.0
// Everything that the scans of one pass share.

import type { WitnessPolicy } from "../../../shared/tlog/policy.ts";
import type { NoteVerifier } from "../../../shared/tlog/verify-note.ts";
import type { LogSource } from "../../served-log/log-source.ts";
import type { CrossCheck } from "../cross-check/cross-check.ts";
import type { KeepEvidence } from "../evidence.ts";
import type { Journal } from "../journal.ts";
import type { Watch } from "../watch.ts";
import type { IsOwnCertificate } from "./own-authority.ts";

/** The witnesses whose cosignatures are expected. */
export interface ExpectedWitnesses {
  readonly verifiers: readonly NoteVerifier[];
  /** How many of them suffice; null if all are required. */
  readonly policy: WitnessPolicy | null;
}

/** Which certificates the cross-check reports. */
export type CrossChecked = "watched" | "all" | "off";

/** The shared parts. */
export interface ScanContext {
  readonly journal: Journal;
  readonly watch: Watch;
  readonly witnesses: ExpectedWitnesses;
  readonly keepEvidence: KeepEvidence;
  /** Null if the logs have no counterpart. */
  readonly crossCheck: CrossCheck | null;
  readonly crossChecked: CrossChecked;
  /** Whether an authority of the trusted root issued a certificate of a signature log's entry. */
  readonly isOwnCertificate: IsOwnCertificate;
  readonly openSource: (url: string) => LogSource;
  readonly now: () => number;
  readonly staleWaitsMs: readonly number[];
}
