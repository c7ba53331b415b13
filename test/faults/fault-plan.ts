// SPDX-License-Identifier: Apache-2.0
// Decides which call goes wrong, and how. There are single faults, at a rate per boundary, and outages, in which every
// call at a boundary has the same fault for a while.

import type { Random } from "./random.ts";

/** A kind of call that can go wrong. */
export type Boundary = "r2.get" | "r2.put" | "d1" | "anchor" | "witness" | "rpc.append" | "rpc.read";

/** How a call goes wrong. */
export type Fault =
  /** Rejected without effect. */
  | "fails"
  /** Rejected although it took effect. */
  | "fails, took effect"
  /** Rejected now; takes effect much later. */
  | "fails, takes effect later"
  /** Never answered, without effect. */
  | "hangs"
  /** Never answered although it took effect. */
  | "hangs, took effect"
  /** Takes effect late. */
  | "late"
  /** Takes effect in time; the answer is late. */
  | "answered late"
  /** 429, or "overloaded". */
  | "limited"
  /** A create-only put that took effect is answered as if the key had been taken: the platform repeated it. */
  | "precondition";

const READS: readonly Fault[] = ["fails", "hangs", "late", "answered late", "limited"];
const WRITES: readonly Fault[] = [...READS, "fails, took effect", "fails, takes effect later", "hangs, took effect"];

/** The faults that are possible at each boundary. */
export const FAULTS: Readonly<Record<Boundary, readonly Fault[]>> = {
  "r2.get": READS,
  "r2.put": [...WRITES, "precondition"],
  d1: WRITES,
  anchor: WRITES,
  witness: WRITES,
  "rpc.append": WRITES,
  "rpc.read": READS,
};

export const BOUNDARIES: readonly Boundary[] = [
  "r2.get",
  "r2.put",
  "d1",
  "anchor",
  "witness",
  "rpc.append",
  "rpc.read",
];

/** The faults of one world. */
export class FaultPlan {
  /** Probability that a call at this boundary goes wrong. */
  readonly rates: Record<Boundary, number> = {
    "r2.get": 0,
    "r2.put": 0,
    d1: 0,
    anchor: 0,
    witness: 0,
    "rpc.append": 0,
    "rpc.read": 0,
  };
  readonly outages = new Map<Boundary, Fault>();
  /** D1 refuses every call, as a full or deleted database does. */
  isIndexGone = false;
  readonly counts = new Map<string, number>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Draws the fault of the next call at this boundary, null for none. */
  draw(boundary: Boundary): Fault | null {
    if (boundary === "d1" && this.isIndexGone) {
      this.count("d1: gone");
      return "fails";
    }
    const isHit = this.#random.chance(this.rates[boundary]);
    const fault = this.outages.get(boundary) ?? (isHit ? this.#random.pick(FAULTS[boundary]) : null);
    if (fault !== null) this.count(`${boundary}: ${fault}`);
    return fault;
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** Ends all faults. */
  heal(): void {
    for (const boundary of BOUNDARIES) this.rates[boundary] = 0;
    this.outages.clear();
    this.isIndexGone = false;
  }
}
