// SPDX-License-Identifier: Apache-2.0
// Checks the sequence of entries: each is logged once, and times do not go back. Sigedge promises both; no
// specification demands them of every log.

import type { Finding } from "../served-log/findings.ts";
import type { BundleCheck } from "./bundle-check.ts";
import type { SeenEntries } from "./seen-entries.ts";

/** How far the clocks of a log and of this machine may differ. */
const CLOCKS_MS = 600_000;

/** Takes the bundles of a log in order. */
export class EntryOrder {
  readonly #seen: SeenEntries;
  readonly #now: number;
  #lastTime: number;

  /** @param lastTime the time of the entry before the first bundle, 0 if there is none */
  constructor(seen: SeenEntries, lastTime: number, now: number) {
    this.#seen = seen;
    this.#lastTime = lastTime;
    this.#now = now;
  }

  /** The latest time so far. */
  get lastTime(): number {
    return this.#lastTime;
  }

  /** Takes the bundle whose first entry has this index; null, with its width, for one that cannot be read. */
  take(check: BundleCheck | null, firstIndex: number, width: number): readonly Finding[] {
    const repeated = this.#seen.add(check?.identities ?? new Uint8Array(32 * width));
    return [
      ...repeated.map(({ leafIndex, earlier }): Finding => ({ code: "entry_repeated", leafIndex, earlier })),
      ...(check?.times ?? []).flatMap((time, i) => (time === null ? [] : this.#takeTime(firstIndex + i, time))),
    ];
  }

  #takeTime(leafIndex: number, time: number): readonly Finding[] {
    const before = this.#lastTime;
    if (time < before) return [{ code: "time_went_back", leafIndex, time, before }];
    // One time in the future does not make all later ones wrong.
    if (time > this.#now + CLOCKS_MS) return [{ code: "time_in_future", leafIndex, time }];
    this.#lastTime = time;
    return [];
  }
}
