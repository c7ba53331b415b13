// SPDX-License-Identifier: Apache-2.0
// R2 as the ObjectStore port. Objects are created, never replaced.
// Spec: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#conditional-operations

import type { ObjectStore } from "../deps.ts";

/** Adapts a bucket. */
export function r2Objects(bucket: Pick<R2Bucket, "get" | "put" | "list" | "delete">): ObjectStore {
  return {
    async get(key) {
      const object = await bucket.get(key);
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    },
    async create(key, bytes) {
      // R2 answers a failed precondition with null, not with an exception.
      return (await bucket.put(key, bytes, { onlyIf: { etagDoesNotMatch: "*" } })) !== null;
    },
    async list(prefix) {
      const keys: string[] = [];
      for (let cursor: string | undefined, isMore = true; isMore; ) {
        const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
        keys.push(...page.objects.map(({ key }) => key));
        isMore = page.truncated;
        cursor = page.truncated ? page.cursor : undefined;
      }
      return keys;
    },
    remove: async (key) => await bucket.delete(key),
  };
}
