// SPDX-License-Identifier: Apache-2.0
// Limits guesses of user codes: five wrong ones a minute for a network, and some in all. In memory: an object that
// starts anew forgets them, which gives a guesser five more among 2.56e10.
// Spec: RFC 8628 §5.1

import { err, type Result } from "../../../shared/result.ts";
import type { DeviceRefusal } from "../../../shared/rpc/grants.ts";
import type { UnixMs } from "../../../shared/time.ts";

const WINDOW_MS = 60_000;
const MAX_OF_NETWORK = 5;
/** Sixty networks that mistype at the limit, every minute. */
const MAX_IN_ALL = 300;

/** Counts what was not found. */
export class AttemptLimit {
  #wrong: readonly { readonly network: string | null; readonly at: UnixMs }[] = [];

  /** Looks something up, unless too much was not found before. */
  guard<T>(network: string | null, now: UnixMs, find: () => Result<T, DeviceRefusal>): Result<T, DeviceRefusal> {
    this.#wrong = this.#wrong.filter(({ at }) => now - at < WINDOW_MS);
    const ofNetwork = this.#wrong.filter((attempt) => attempt.network === network).length;
    if (ofNetwork >= MAX_OF_NETWORK || this.#wrong.length >= MAX_IN_ALL) return err({ code: "user_codes_exhausted" });
    const found = find();
    if (!found.ok) this.#wrong = [...this.#wrong, { network, at: now }];
    return found;
  }
}
