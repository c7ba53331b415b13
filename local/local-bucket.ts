// SPDX-License-Identifier: Apache-2.0
// The R2 bucket of a stack on this machine, from its state folder, while no stack runs on it.

import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { WORKER } from "./stack.ts";

/** As much of a bucket as backup and restore need. Calls reject when the bucket cannot be reached. */
export interface Bucket {
  readonly get: (key: string) => Promise<Uint8Array | null>;
  /** Creates the object; false if the key is taken, whatever is there then stays. */
  readonly create: (key: string, bytes: Uint8Array) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

/** Opens the bucket below `<state>/storage`, which is made if it is not there. */
export async function localBucket(state: string): Promise<Bucket> {
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
