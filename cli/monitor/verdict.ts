// SPDX-License-Identifier: Apache-2.0
// The exit codes of a monitor, and which events lead to which.

import type { EventKind } from "../../shared/monitor/event.ts";

/** 0: nothing unexpected. 1: an unexpected signature. 2: the log or a witness misbehaved. 3: could not tell. */
export type ExitCode = 0 | 1 | 2 | 3;

const CODES: Readonly<Record<EventKind, ExitCode>> = {
  "match.unexpected": 1,
  "match.expected": 0,
  "entry.unparseable": 3,
  "log.inconsistent": 2,
  "shard.inactive_grew": 2,
  "witness.equivocated": 2,
  "key.changed": 2,
  "certificate.unused": 1,
  "certificate.unlogged": 1,
  "log.unreachable": 3,
  "log.stalled": 3,
  "log.gap": 3,
  // Whether the others suffice, the quorum says.
  "witness.lost": 0,
  "monitor.lagging": 0,
  "shard.rotated": 0,
  "expiry.near": 0,
  "trust.problem": 0,
  backlog: 3,
  "delivery.failed": 0,
  recovered: 0,
};

/** The exit code that an event leads to. */
export const codeOf = (kind: EventKind): ExitCode => CODES[kind];

/** From the least to the greatest danger. */
const ORDER: readonly ExitCode[] = [0, 3, 1, 2];

/** The code of the greatest danger. */
export const worstOf = (...codes: readonly ExitCode[]): ExitCode =>
  ORDER[Math.max(...codes.map((code) => ORDER.indexOf(code)), 0)] ?? 3;

/** Reads a stored code; 3 for a number that is none. */
export const toExitCode = (value: number): ExitCode => ORDER.find((code) => code === value) ?? 3;
