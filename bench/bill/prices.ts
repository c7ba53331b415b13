// SPDX-License-Identifier: Apache-2.0
// Cloudflare's price list, as published on the day below.
// Spec: https://developers.cloudflare.com/workers/platform/pricing/, https://developers.cloudflare.com/r2/pricing/

export const PRICES_OF = "2026-11-29";

/** A figure that is billed. */
export type Meter =
  | "Worker requests"
  | "Worker CPU, ms"
  | "object requests"
  | "object duration, GB-s"
  | "object rows written"
  | "object rows read"
  | "D1 rows written"
  | "D1 rows read"
  | "R2 class A"
  | "R2 class B";

/** A place that keeps something, billed by its bytes. */
export type Store = "object storage" | "D1 storage" | "R2 storage";

export interface Price {
  /** The Free plan has this for each day; infinite where it counts nothing. */
  readonly freeEachDay: number;
  /** The Paid plan has this for each month. */
  readonly included: number;
  /** Dollars for a million above that. */
  readonly perMillion: number;
}

/** The Paid plan, dollars a month. */
export const PLAN_PER_MONTH = 5;

/** R2's free operations are a month's, so a day has a thirtieth. */
const A_THIRTIETH = 1 / 30;

export const PRICES: Readonly<Record<Meter, Price>> = {
  "Worker requests": { freeEachDay: 100_000, included: 10e6, perMillion: 0.3 },
  "Worker CPU, ms": { freeEachDay: Number.POSITIVE_INFINITY, included: 30e6, perMillion: 0.02 },
  "object requests": { freeEachDay: 100_000, included: 1e6, perMillion: 0.15 },
  "object duration, GB-s": { freeEachDay: 13_000, included: 400_000, perMillion: 12.5 },
  "object rows written": { freeEachDay: 100_000, included: 50e6, perMillion: 1 },
  "object rows read": { freeEachDay: 5e6, included: 25e9, perMillion: 0.001 },
  "D1 rows written": { freeEachDay: 100_000, included: 50e6, perMillion: 1 },
  "D1 rows read": { freeEachDay: 5e6, included: 25e9, perMillion: 0.001 },
  "R2 class A": { freeEachDay: 1e6 * A_THIRTIETH, included: 1e6, perMillion: 4.5 },
  "R2 class B": { freeEachDay: 10e6 * A_THIRTIETH, included: 10e6, perMillion: 0.36 },
};

export interface StoragePrice {
  /** Bytes that each plan includes. */
  readonly free: number;
  readonly included: number;
  /** Dollars a month for each 10⁹ bytes above that. */
  readonly perGigabyte: number;
}

/** D1's Free plan limits each database, of which a deployment has one. */
export const STORAGE_PRICES: Readonly<Record<Store, StoragePrice>> = {
  "object storage": { free: 5e9, included: 5e9, perGigabyte: 0.2 },
  "D1 storage": { free: 500e6, included: 5e9, perGigabyte: 0.75 },
  "R2 storage": { free: 10e9, included: 10e9, perGigabyte: 0.015 },
};

/** An object's memory, which its duration is multiplied by. */
export const OBJECT_GIGABYTES = 0.128;
