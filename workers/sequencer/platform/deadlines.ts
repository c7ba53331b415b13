// SPDX-License-Identifier: Apache-2.0
// Waiting that ends: calls of the platform may never settle (a stub of an object that was unloaded, a store that stalls), and a
// clock may be put back while somebody waits for a time that was set ahead of it.

import type { UnixMs } from "../../../shared/time.ts";
import type { AnchorPort, Host, ObjectStore, SearchIndex } from "../deps.ts";

/** A call from one object to another takes milliseconds. */
const ANCHOR_MS = 3_000;
const R2_GET_MS = 5_000;
/** A bundle has 8 MiB at most. */
const R2_PUT_MS = 20_000;
/** D1's own limit for a batch. */
const D1_MS = 30_000;

type Timer = Pick<Host, "after">;

/** Settles as `work` does, or rejects when it has not settled in time; what `work` does then goes unheard. */
export async function within<T>(timer: Timer, milliseconds: number, work: Promise<T>): Promise<T> {
  return await new Promise((resolve, reject) => {
    const cancel = timer.after(milliseconds, () => reject(new Error(`no answer within ${milliseconds} ms`)));
    work.then(resolve, reject).finally(cancel);
  });
}

/** Whether a time that was set `milliseconds` ahead has come. */
export const isDue = (at: UnixMs, now: UnixMs, milliseconds: number): boolean => now >= at || at - now > milliseconds;

interface Outside {
  readonly objects: ObjectStore;
  readonly index: SearchIndex;
  readonly anchor: AnchorPort;
}

/** The same ports, each call given up after a while: a rejection, which never said whether the call took effect. */
export function bounded({ objects, index, anchor }: Outside, timer: Timer): Outside {
  return {
    objects: {
      get: async (key) => await within(timer, R2_GET_MS, objects.get(key)),
      create: async (key, bytes) => await within(timer, R2_PUT_MS, objects.create(key, bytes)),
      list: async (prefix) => await within(timer, R2_PUT_MS, objects.list(prefix)),
      remove: async (key) => await within(timer, R2_GET_MS, objects.remove(key)),
    },
    index: { write: async (log, entries) => await within(timer, D1_MS, index.write(log, entries)) },
    anchor: {
      read: async () => await within(timer, ANCHOR_MS, anchor.read()),
      advance: async (step) => await within(timer, ANCHOR_MS, anchor.advance(step)),
    },
  };
}
