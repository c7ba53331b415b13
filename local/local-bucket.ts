// SPDX-License-Identifier: Apache-2.0
// The R2 bucket of a local stack, opened from its state folder while no stack runs on it.

import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { type BackupBucket, BucketError } from "../cli/backup/buckets.ts";
import { equal } from "../shared/bytes/bytes.ts";
import { WORKER } from "./stack.ts";
import { checkUnused } from "./state-use.ts";

interface LocalBucket {
  readonly get: (key: string) => Promise<Uint8Array | null>;
  /** Creates the object. Resolves to false if the key is taken; the object there stays. */
  readonly create: (key: string, bytes: Uint8Array) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

/** Opens the bucket for backup and restore. No stack may run on the state folder while files are put. */
export async function openStateBucket(state: string): Promise<BackupBucket> {
  const bucket = await openLocalBucket(state);
  return {
    get: bucket.get,
    put: async (folder, keys, onProgress) => {
      const unused = await checkUnused(state);
      if (!unused.ok) throw new BucketError(unused.error);
      for (const [i, key] of keys.entries()) {
        const bytes = folder.read(key) ?? new Uint8Array();
        const isTaken = !(await bucket.create(key, bytes));
        const held = isTaken ? await bucket.get(key) : bytes;
        if (held === null || !equal(held, bytes)) throw new BucketError(differs(key, state));
        onProgress(i + 1, keys.length);
      }
    },
    close: bucket.close,
  };
}

const differs = (key: string, state: string): string =>
  `${key} is in the bucket with other bytes, and a restore overwrites nothing; if the bucket's object is damaged, move ` +
  `${join(state, "storage", "r2")} away and restore into an empty bucket`;

/** Opens the bucket below `<state>/storage`, and creates it if it does not exist. */
export async function openLocalBucket(state: string): Promise<LocalBucket> {
  const options = {
    name: WORKER.name,
    compatibilityDate: WORKER.compatibilityDate,
    modules: [{ type: "ESModule" as const, path: "worker.mjs", contents: "export default {};" }],
    r2Buckets: { ...WORKER.r2Buckets },
    resourcePersistencePath: join(state, "storage"),
    cf: false as const,
    telemetry: { enabled: false },
    unsafeLocalExplorer: false,
    unsafeObservability: false,
    log: new Log(LogLevel.ERROR),
  };
  const runtime = new Miniflare(convertV4MiniflareOptions(options));
  const bucket = await runtime.getR2Bucket("TILES");
  return {
    get: async (key) => {
      const found = await bucket.get(key);
      return found === null ? null : new Uint8Array(await found.arrayBuffer());
    },
    create: async (key, bytes) => (await bucket.put(key, bytes, { onlyIf: { etagDoesNotMatch: "*" } })) !== null,
    close: () => runtime.dispose(),
  };
}
