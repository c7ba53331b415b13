// SPDX-License-Identifier: Apache-2.0
// How many entries of one identity there are in each month, for those that count and those that show it.

/** The entries of one month in UTC. */
export interface MonthCount {
  /** Months since the year 0 (time.ts). */
  readonly month: number;
  readonly count: number;
}

/** Counts as far back as one call came. */
export interface MonthCounts {
  /** The oldest first, without those that have none. */
  readonly months: readonly MonthCount[];
  /** Whether the oldest month has more entries than were counted. */
  readonly isOldestPartial: boolean;
  /** The entries before this month are left for another call; null if there are none. */
  readonly earlierBefore: number | null;
}
