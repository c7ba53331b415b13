// SPDX-License-Identifier: Apache-2.0
// The schedule of a monitor that keeps running: a pass every so many seconds, never two at once, and rarer ones while a
// log cannot be reached. A signal ends the wait at once, and a pass after the bundle that it reads.

/** Ends a monitor. */
export interface Stop {
  readonly isStopped: () => boolean;
  /** Waits; resolves early when the monitor is stopped. */
  readonly wait: (ms: number) => Promise<void>;
}

/** Stops at the first of these signals; a second one ends the process, as it would have without. */
export function stopOnSignals(signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"]): Stop {
  const stopped = new AbortController();
  for (const signal of signals) process.once(signal, () => stopped.abort());
  return {
    isStopped: () => stopped.signal.aborted,
    wait: (ms) =>
      new Promise((resolve) => {
        if (stopped.signal.aborted) return resolve();
        const end = (): void => {
          clearTimeout(timer);
          stopped.signal.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        stopped.signal.addEventListener("abort", end);
      }),
  };
}

/** Eight times the interval, and no more than an hour unless the interval is longer. */
const MAX_BACK_OFF = 8;
const MAX_BACK_OFF_MS = 3_600_000;

/**
 * The wait before the next pass. After failures in a row it doubles each time: whoever runs the log has enough to do.
 * @param tookMs how long the last pass took
 */
export function waitBefore(intervalMs: number, tookMs: number, failuresInARow: number): number {
  const factor = Math.min(MAX_BACK_OFF, 2 ** Math.max(0, failuresInARow - 1));
  const period = Math.max(intervalMs, Math.min(MAX_BACK_OFF_MS, intervalMs * factor));
  return Math.max(0, period - tookMs);
}
