// SPDX-License-Identifier: Apache-2.0
// Amounts of what Cloudflare bills, and arithmetic with them.

import type { Counts } from "../counting.ts";
import { type Meter, OBJECT_GIGABYTES, PRICES, type Store } from "./prices.ts";

/** Reads of R2 that a cache answers for every reader but the first; they are among those of class B. */
const CACHED = "of it tiles";

type Name = Meter | Store | typeof CACHED;

export type Amounts = Readonly<Record<Name, number>>;

export const METERS = Object.keys(PRICES) as readonly Meter[];
export const STORES: readonly Store[] = ["object storage", "D1 storage", "R2 storage"];
const NAMES: readonly Name[] = [...METERS, ...STORES, CACHED];

/** The use of one piece of work. @param cpuMs of the Worker and of all objects */
export function amountsOf(before: Counts, after: Counts, cpuMs: number): Amounts {
  const readUse = (name: keyof Counts): number => after[name] - before[name];
  return {
    "Worker requests": readUse("requests"),
    "Worker CPU, ms": cpuMs,
    "object requests": readUse("objectRequests"),
    "object duration, GB-s": (readUse("objectBusyMs") / 1000) * OBJECT_GIGABYTES,
    "object rows written": readUse("durableObjectRowsWritten"),
    "object rows read": readUse("durableObjectRowsRead"),
    "D1 rows written": readUse("d1RowsWritten"),
    "D1 rows read": readUse("d1RowsRead"),
    "R2 class A": readUse("r2ClassA"),
    "R2 class B": readUse("r2ClassB"),
    [CACHED]: readUse("r2ClassBCached"),
    "object storage": readUse("objectBytes"),
    "D1 storage": readUse("d1Bytes"),
    "R2 storage": readUse("r2Bytes"),
  };
}

const combine = (make: (name: Name) => number): Amounts =>
  Object.fromEntries(NAMES.map((name) => [name, make(name)])) as Record<Name, number>;

export const times = (amounts: Amounts, factor: number): Amounts => combine((name) => amounts[name] * factor);

/** The sum of some amounts. */
export const sum = (parts: readonly Amounts[]): Amounts =>
  combine((name) => parts.reduce((total, part) => total + part[name], 0));

/** The use of the first beyond that of the second; never less than nothing, since duration and caches vary. */
export const difference = (a: Amounts, b: Amounts): Amounts => combine((name) => Math.max(0, a[name] - b[name]));

/** The use of some readers of one log, of which the first alone finds no tile in the cache. */
export const addReaders = (each: Amounts, count: number): Amounts => ({
  ...times(each, count),
  "R2 class B": each["R2 class B"] * count - each[CACHED] * Math.max(0, count - 1),
});
