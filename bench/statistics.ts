// SPDX-License-Identifier: Apache-2.0
// Summaries of samples.

/**
 * Returns the nearest-rank percentile: the smallest value such that `share` of the sample is at most it. NaN if empty.
 */
export function percentile(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The 50th percentile. */
export const median = (sample: readonly number[]): number => percentile(sample, 0.5);
