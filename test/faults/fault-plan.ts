// SPDX-License-Identifier: Apache-2.0
// Which call goes wrong, and how. Two layers: single faults at a rate of each boundary, and outages, in which every call at a
// boundary meets the same fate for a while.

import type { Random } from "./random.ts";

export type Boundary = "r2.get" | "r2.put" | "d1" | "anchor" | "witness" | "rpc.append" | "rpc.read";

export type Fault =
  /** Rejected, and nothing has happened. */
  | "fails"
  /** Rejected although it took effect. */
  | "fails, took effect"
  /** Rejected now, and takes effect much later. */
  | "fails, takes effect later"
  /** Never answered, and nothing has happened. */
  | "hangs"
  /** Never answered although it took effect. */
  | "hangs, took effect"
  /** Takes effect late. */
  | "late"
  /** Takes effect in time, the answer is late. */
  | "answered late"
  /** 429, or "overloaded". */
  | "limited"
  /** A create-only put that took effect and is answered as if the key had been taken: the platform repeated it. */
  | "precondition";

const READS: readonly Fault[] = ["fails", "hangs", "late", "answered late", "limited"];
const WRITES: readonly Fault[] = [...READS, "fails, took effect", "fails, takes effect later", "hangs, took effect"];

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
  readonly counts = new Map<string, number>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** What happens to the next call at this boundary, null for nothing unusual. */
  draw(boundary: Boundary): Fault | null {
    const isHit = this.#random.chance(this.rates[boundary]);
    const fault = this.outages.get(boundary) ?? (isHit ? this.#random.pick(FAULTS[boundary]) : null);
    if (fault !== null) this.count(`${boundary}: ${fault}`);
    return fault;
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** From now on everything works. */
  heal(): void {
    for (const boundary of BOUNDARIES) this.rates[boundary] = 0;
    this.outages.clear();
  }
}
