// SPDX-License-Identifier: Apache-2.0
// Deadlines. A call to the platform may never settle: a stub of an unloaded object, a store that stalls. And a clock
// may be put back while a pause waits for it.

import type { UnixMs } from "../../../shared/time.ts";
import type { AnchorPort, Host, ObjectStore, SearchIndex } from "../deps.ts";

/** A call from one object to another takes milliseconds. */
const ANCHOR_MS = 3_000;
const R2_GET_MS = 5_000;
/** A bundle has at most 8 MiB. */
const R2_PUT_MS = 20_000;
/** The limit that D1 itself sets for a batch. */
const D1_MS = 30_000;

type Timer = Pick<Host, "runAfter">;

/** Settles as `work` does. Rejects if it has not settled in time; its later outcome is then ignored. */
export async function withDeadline<T>(timer: Timer, milliseconds: number, work: Promise<T>): Promise<T> {
  return await new Promise((resolve, reject) => {
    const cancel = timer.runAfter(milliseconds, () => reject(new Error(`no answer within ${milliseconds} ms`)));
    work.then(resolve, reject).finally(cancel);
  });
}

/**
 * Whether a time that was set `milliseconds` ahead has come. A time further ahead means that the clock was put back.
 */
export const isDue = (at: UnixMs, now: UnixMs, milliseconds: number): boolean => now >= at || at - now > milliseconds;

interface Stores {
  readonly objects: ObjectStore;
  readonly index: SearchIndex;
  readonly anchor: AnchorPort;
}

/** Gives every call of these ports a deadline. A rejection does not say whether the call took effect. */
export function withDeadlines({ objects, index, anchor }: Stores, timer: Timer): Stores {
  return {
    objects: {
      get: async (key) => await withDeadline(timer, R2_GET_MS, objects.get(key)),
      create: async (key, bytes) => await withDeadline(timer, R2_PUT_MS, objects.create(key, bytes)),
      list: async (prefix) => await withDeadline(timer, R2_PUT_MS, objects.list(prefix)),
      remove: async (key) => await withDeadline(timer, R2_GET_MS, objects.remove(key)),
    },
    index: { write: async (log, entries) => await withDeadline(timer, D1_MS, index.write(log, entries)) },
    anchor: {
      read: async () => await withDeadline(timer, ANCHOR_MS, anchor.read()),
      advance: async (step) => await withDeadline(timer, ANCHOR_MS, anchor.advance(step)),
    },
  };
}
