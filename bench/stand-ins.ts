// SPDX-License-Identifier: Apache-2.0
// In the place of Miniflare's simulators of R2 and D1, which are Workers in the same thread and cost milliseconds that
// Cloudflare's services do not: objects come out of memory, rows go nowhere. What is put stays in R2 as well, so that a log
// finds it after a restart.

import { withMethods } from "./with-methods.ts";

export interface StandIns {
  readonly tiles: R2Bucket;
  readonly index: D1Database;
  /** Takes the simulators out of the way, or puts them back. Gives how many objects are in memory. */
  readonly use: (inUse: boolean) => Promise<{ readonly objects: number }>;
}

export function standInFor(bucket: R2Bucket, database: D1Database): StandIns {
  const objects = new Map<string, ArrayBuffer>();
  let isInUse = false;
  return {
    tiles: withMethods(bucket, {
      get: async (key: string) => {
        if (!isInUse) return await bucket.get(key);
        const bytes = objects.get(key);
        return bytes === undefined ? null : { arrayBuffer: () => Promise.resolve(bytes) };
      },
      put: async (key: string, value: Uint8Array<ArrayBuffer>, options: R2PutOptions) => {
        objects.set(key, value.slice().buffer);
        return await bucket.put(key, value, options);
      },
    }),
    index: withMethods(database, {
      batch: async (statements: D1PreparedStatement[]) => (isInUse ? [] : await database.batch(statements)),
    }),
    use: async (inUse) => {
      isInUse = inUse;
      if (inUse) await load(bucket, objects);
      return { objects: objects.size };
    },
  };
}

/** The bench makes some dozens: one page. */
async function load(bucket: R2Bucket, into: Map<string, ArrayBuffer>): Promise<void> {
  const { objects } = await bucket.list();
  for (const { key } of objects) {
    const object = await bucket.get(key);
    if (object !== null) into.set(key, await object.arrayBuffer());
  }
}
