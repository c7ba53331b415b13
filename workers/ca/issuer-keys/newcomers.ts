// SPDX-License-Identifier: Apache-2.0
// Bounds how many issuers that match a pattern are asked for their keys for the first time. Their names come from
// unverified tokens, so a caller can invent as many as it likes.

import type { UnixMs } from "../../../shared/time.ts";

/** The limit of one pattern, for all clients together. */
const MAX_PER_PATTERN = 20;
/** For each client and pattern, so that one client does not use up what all share. */
const MAX_PER_CLIENT = 5;
/** How long a window of counting lasts. */
export const NEWCOMERS_WINDOW_MS = 30_000;

interface Window {
  readonly until: number;
  /** How many were admitted, by client. At most MAX_PER_PATTERN in all. */
  readonly admitted: Map<string, number>;
}

/** The newcomers of each pattern in its running window. */
export class Newcomers {
  readonly #windows = new Map<string, Window>();

  /** Whether one more issuer of this pattern may be asked for this client; counts it if so. */
  admits(pattern: string, client: string, now: UnixMs): boolean {
    const { admitted } = this.#windowAt(pattern, now);
    const ofClient = admitted.get(client) ?? 0;
    const ofAll = [...admitted.values()].reduce((sum, count) => sum + count, 0);
    if (ofClient >= MAX_PER_CLIENT || ofAll >= MAX_PER_PATTERN) return false;
    admitted.set(client, ofClient + 1);
    return true;
  }

  #windowAt(pattern: string, now: UnixMs): Window {
    const running = this.#windows.get(pattern);
    if (running !== undefined && now < running.until) return running;
    const window = { until: now + NEWCOMERS_WINDOW_MS, admitted: new Map<string, number>() };
    this.#windows.set(pattern, window);
    return window;
  }
}
