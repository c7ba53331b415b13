// SPDX-License-Identifier: Apache-2.0
// Amounts of what Cloudflare bills, and arithmetic with them.

import type { Counts } from "../counting.ts";
import { type Meter, OBJECT_GIGABYTES, PRICES, type Store } from "./prices.ts";

/** Reads of R2 that a cache answers for every reader but the first; they are among those of class B. */
export const CACHED = "of it tiles";

type Name = Meter | Store | typeof CACHED;

export type Amounts = Readonly<Record<Name, number>>;

export const METERS = Object.keys(PRICES) as readonly Meter[];
export const STORES: readonly Store[] = ["object storage", "D1 storage", "R2 storage"];
const NAMES: readonly Name[] = [...METERS, ...STORES, CACHED];

/** What one piece of work used. @param cpuMs of the Worker and of all objects */
export function amountsOf(before: Counts, after: Counts, cpuMs: number): Amounts {
  const used = (name: keyof Counts): number => after[name] - before[name];
  return {
    "Worker requests": used("requests"),
    "Worker CPU, ms": cpuMs,
    "object requests": used("objectRequests"),
    "object duration, GB-s": (used("objectBusyMs") / 1000) * OBJECT_GIGABYTES,
    "object rows written": used("durableObjectRowsWritten"),
    "object rows read": used("durableObjectRowsRead"),
    "D1 rows written": used("d1RowsWritten"),
    "D1 rows read": used("d1RowsRead"),
    "R2 class A": used("r2ClassA"),
    "R2 class B": used("r2ClassB"),
    [CACHED]: used("r2ClassBCached"),
    "object storage": used("objectBytes"),
    "D1 storage": used("d1Bytes"),
    "R2 storage": used("r2Bytes"),
  };
}

const combine = (make: (name: Name) => number): Amounts =>
  Object.fromEntries(NAMES.map((name) => [name, make(name)])) as Record<Name, number>;

export const times = (amounts: Amounts, factor: number): Amounts => combine((name) => amounts[name] * factor);

/** The sum of some amounts. */
export const sum = (parts: readonly Amounts[]): Amounts =>
  combine((name) => parts.reduce((total, part) => total + part[name], 0));

/** What the first of two used beyond the second; never less than nothing, since duration and caches vary. */
export const difference = (a: Amounts, b: Amounts): Amounts => combine((name) => Math.max(0, a[name] - b[name]));

/** What some readers of one log use, of which the first alone finds no tile in the cache. */
export const ofReaders = (each: Amounts, count: number): Amounts => ({
  ...times(each, count),
  "R2 class B": each["R2 class B"] * count - each[CACHED] * Math.max(0, count - 1),
});
