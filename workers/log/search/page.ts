// SPDX-License-Identifier: Apache-2.0
// Merges what was found in each log into one page. Pure.

import type { Bounds } from "./conjunction.ts";
import type { Found, Looked } from "./scan.ts";

/** The entries of a page. */
export interface Page {
  /** Newest first. */
  readonly found: readonly Found[];
  /** Where the next page starts, null if there is none. */
  readonly next: Bounds | null;
}

/**
 * Takes the newest `limit` of all hits, and the bounds of the next page. A log's timestamps never decrease, so each
 * log's hits are in order of their index, and the hits left over are below those taken. Hits below the highest floor
 * wait for a later page: what is between them and that floor is not known yet.
 */
export function takeFirstPage(looked: readonly Looked[], limit: number, bounds: Bounds): Page {
  const order = compareNewestFirst([...bounds.keys()]);
  const [cut] = looked.flatMap(({ floor }) => floor ?? []).toSorted(order);
  const sorted = looked.flatMap(({ hits }) => hits).toSorted(order);
  // An entry that fulfils several alternatives is found once for each.
  const distinct = sorted.filter((hit, i) => i === 0 || order(hit, sorted[i - 1] ?? hit) !== 0);
  const known = cut === undefined ? distinct : distinct.filter((hit) => order(hit, cut) <= 0);
  const found = known.slice(0, limit);
  if (known.length === found.length && cut === undefined) return { found, next: null };
  const seen = known.length === found.length && cut !== undefined ? [...found, cut] : found;
  const lowestIndex = (log: string, bound: number): number =>
    Math.min(bound, ...seen.filter((hit) => hit.log === log).map(({ leafIndex }) => leafIndex));
  return { found, next: new Map([...bounds].map(([log, bound]) => [log, lowestIndex(log, bound)])) };
}

/** Newest first. Within one millisecond, hits of the older log come first. */
const compareNewestFirst =
  (logs: readonly string[]) =>
  (a: Found, b: Found): number =>
    b.timestamp - a.timestamp || logs.indexOf(a.log) - logs.indexOf(b.log) || b.leafIndex - a.leafIndex;
