// SPDX-License-Identifier: Apache-2.0
// Derives from a seed what its world is like: which log, how much load, and how much goes wrong where.

import { LOG_KIND_NAMES, type LogKind } from "../../shared/logs/kinds.ts";
import type { Boundary } from "./fault-plan.ts";
import type { ObjectRates } from "./object-runtime.ts";
import type { Random } from "./random.ts";

/** The properties of one world. */
export interface Profile {
  readonly kind: LogKind;
  /** The log already has about 65,000 entries, so the first tile of level 1 fills up during the run. */
  readonly isGrown: boolean;
  /** Whether the log has a witness, and whether answers wait for it. */
  readonly witness: "none" | "open" | "required";
  /** One of the three witnesses takes every connection and never answers. Two make the quorum. */
  readonly hasHangingWitness: boolean;
  /** A thief has the key of the CA, or of its root, and the operator takes it out of use. */
  readonly theft: "none" | "ca" | "root";
  readonly backupEveryMs: number;
  /** The object loses its storage under load. */
  readonly isLost: boolean;
  readonly clients: number;
  /** Number of submissions that a client makes at once. */
  readonly burst: number;
  readonly thinkMs: number;
  /** Fraction of submissions that repeat an earlier one. */
  readonly duplicates: number;
  readonly readers: number;
  readonly rates: Readonly<Record<Boundary, number>>;
  /** Mean time between two outages of a boundary. */
  readonly outageEveryMs: number;
  readonly object: ObjectRates;
  /** Probability per step that the instance is killed. */
  readonly killed: number;
  readonly clockJumpEveryMs: number;
  /** Whether a deploy freezes the log, and whether a later deploy no longer says so. */
  readonly freezing: "never" | "once" | "taken back";
  /** Mean time between two times at which the storage is full or over its quota. */
  readonly storageRejectsEveryMs: number;
  /** Whether D1 refuses every call until the end, and whether it has lost its rows when it is back. */
  readonly index: "kept" | "gone" | "lost";
}

/**
 * Probability that a call fails. Rarely used stores fail more often, so that every store fails about equally often in a
 * run.
 */
const LEVELS: Readonly<Record<Boundary, readonly number[]>> = {
  "r2.get": [0, 0.05, 0.3],
  "r2.put": [0, 0.1, 0.5],
  d1: [0, 0.05, 0.3],
  anchor: [0, 0.01, 0.05, 0.25],
  witness: [0, 0.05, 0.5],
  "rpc.append": [0, 0.01, 0.1],
  "rpc.read": [0, 0.05],
};

/** The kinds of log whose checkpoints may have lines of witnesses. Clients of Rekor v1 demand exactly one line. */
export const KINDS_WITH_WITNESSES: readonly LogKind[] = LOG_KIND_NAMES.filter((kind) => kind !== "rekor-v1");

const chooseWitness = (kind: LogKind, witness: Profile["witness"]): Profile["witness"] =>
  KINDS_WITH_WITNESSES.includes(kind) ? witness : "none";

/** Draws the profile of a world. */
export function drawProfile(random: Random): Profile {
  const kind = random.pick(LOG_KIND_NAMES);
  const rate = (boundary: Boundary): number => random.pick(LEVELS[boundary]);
  const harm = random.pick([0, 0.001, 0.005, 0.02]);
  return {
    kind,
    isGrown: random.chance(0.15),
    witness: chooseWitness(kind, random.pick(["none", "none", "open", "required"] as const)),
    hasHangingWitness: random.chance(0.3),
    backupEveryMs: random.pick([5_000, 60_000, 600_000]),
    isLost: random.chance(0.2),
    clients: random.pick([3, 10, 30]),
    burst: random.pick([1, 4, 20]),
    thinkMs: random.pick([5, 50, 1_000]),
    duplicates: random.pick([0.02, 0.2]),
    readers: random.pick([1, 3]),
    rates: {
      "r2.get": rate("r2.get"),
      "r2.put": rate("r2.put"),
      d1: rate("d1"),
      anchor: rate("anchor"),
      witness: rate("witness"),
      "rpc.append": rate("rpc.append"),
      "rpc.read": rate("rpc.read"),
    },
    outageEveryMs: random.pick([5_000, 30_000, 600_000]),
    object: {
      statementFails: harm,
      transactionFails: harm,
      killedInTurn: harm,
      slowFlush: random.pick([0, 0.002, 0.02]),
      alarmLost: random.pick([0, 0.03]),
    },
    killed: random.pick([0, 0.0005, 0.003, 0.02]),
    clockJumpEveryMs: random.pick([5_000, 30_000, 3_600_000]),
    freezing: random.pick(["never", "never", "once", "taken back"] as const),
    storageRejectsEveryMs: random.pick([5_000, 60_000, 3_600_000]),
    index: random.pick(["kept", "kept", "kept", "gone", "lost"] as const),
    theft: random.pick(["none", "ca", "root"] as const),
  };
}
