// SPDX-License-Identifier: Apache-2.0
// The few numbers that a sample is told by.

/** The smallest value that at least `share` of the sample does not exceed (nearest rank). NaN of an empty sample. */
export function percentile(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (sample: readonly number[]): number => percentile(sample, 0.5);
