// SPDX-License-Identifier: Apache-2.0
// Limits guesses of user codes: five wrong ones a minute for a network, and some for a block and in all. In memory: an
// object that starts anew forgets them, which gives a guesser five more among 2.56e10.
// Spec: RFC 8628 §5.1

import { blockOf } from "../../../shared/http/client-address.ts";
import { err, type Result } from "../../../shared/result.ts";
import type { DeviceRefusal } from "../../../shared/rpc/grants.ts";
import type { UnixMs } from "../../../shared/time.ts";

const WINDOW_MS = 60_000;
const MAX_OF_NETWORK = 5;
/** Whoever has a /48 uses up a fifteenth of what everybody has. */
const MAX_OF_BLOCK = 20;
/** Sixty networks that mistype at the limit, every minute. */
const MAX_IN_ALL = 300;

/** Counts what was not found. */
export class AttemptLimit {
  #wrong: readonly { readonly network: string | null; readonly at: UnixMs }[] = [];

  /** Looks something up, unless too much was not found before. */
  guard<T>(network: string | null, now: UnixMs, find: () => Result<T, DeviceRefusal>): Result<T, DeviceRefusal> {
    this.#wrong = this.#wrong.filter(({ at }) => now - at < WINDOW_MS);
    if (this.#isExhaustedFor(network)) return err({ code: "user_codes_exhausted" });
    const found = find();
    if (!found.ok) this.#wrong = [...this.#wrong, { network, at: now }];
    return found;
  }

  #isExhaustedFor(network: string | null): boolean {
    const block = network === null ? null : blockOf(network);
    const ofNetwork = this.#wrong.filter((attempt) => attempt.network === network).length;
    const ofBlock = this.#wrong.filter((attempt) => block !== null && attempt.network?.startsWith(block)).length;
    return ofNetwork >= MAX_OF_NETWORK || ofBlock >= MAX_OF_BLOCK || this.#wrong.length >= MAX_IN_ALL;
  }
}
