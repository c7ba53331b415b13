// SPDX-License-Identifier: Apache-2.0
// In the place of Miniflare's simulators of R2, D1 and rate limits, which are Workers in the same thread and cost milliseconds
// that Cloudflare's services do not: objects come out of memory, rows go nowhere, nobody is refused. What is put stays in R2
// as well, so that a log finds it after a restart. And in the place of the sequencer, which is an invocation of its own: one that
// answers at once with what has the size of a real answer.

import { generateKeyPairSync } from "node:crypto";
import type { Appended, CertificateSubmission } from "../shared/rpc/sequencer.ts";
import { unixMs } from "../shared/time.ts";
import { hash } from "../shared/tlog/hash.ts";
import { valueOf } from "../test/support/value-of.ts";
import type { ComposedEnv } from "../workers/compose.ts";
import { signSct } from "../workers/sequencer/kinds/certificate.ts";
import { parseLogSigner } from "../workers/sequencer/kinds/log-keys.ts";
import { withMethods } from "./with-methods.ts";

export interface StandIns {
  /** The environment with bindings that can be switched. */
  readonly env: ComposedEnv;
  /** Takes the simulators out of the way, or puts them back. */
  readonly use: (inUse: boolean) => Promise<void>;
  /** Takes the sequencer out of the way of the services, or puts it back. */
  readonly useSequencer: (inUse: boolean) => void;
}

type RateLimitName = { [N in keyof ComposedEnv]: ComposedEnv[N] extends RateLimit ? N : never }[keyof ComposedEnv];

/** All there are: the type finds one that is missing. */
const RATE_LIMITS = Object.keys({ READS: true, WRITES: true, CLIENTS: true, IDENTITIES: true } satisfies Record<
  RateLimitName,
  true
>) as RateLimitName[];

export function standInFor(env: ComposedEnv): StandIns {
  const objects = new Map<string, ArrayBuffer>();
  let isInUse = false;
  let isSequencerInUse = false;
  const tiles = withMethods(env.TILES, {
    get: async (key: string) => {
      if (!isInUse) return await env.TILES.get(key);
      const bytes = objects.get(key);
      return bytes === undefined ? null : { arrayBuffer: () => Promise.resolve(bytes) };
    },
    put: async (key: string, value: Uint8Array<ArrayBuffer>, options: R2PutOptions) => {
      objects.set(key, value.slice().buffer);
      return await env.TILES.put(key, value, options);
    },
  });
  const index = withMethods(env.INDEX, {
    batch: async (statements: D1PreparedStatement[]) => (isInUse ? [] : await env.INDEX.batch(statements)),
  });
  const limits = RATE_LIMITS.map((name) => {
    const limit = async (options: RateLimitOptions) => (isInUse ? { success: true } : await env[name].limit(options));
    return [name, withMethods(env[name], { limit })] as const;
  });
  const sequencers = withMethods(env.SEQUENCER, {
    getByName: (name: string) => (isSequencerInUse ? INSTANT : env.SEQUENCER.getByName(name)),
  });
  return {
    env: { ...env, SEQUENCER: sequencers, TILES: tiles, INDEX: index, ...Object.fromEntries(limits) },
    use: async (inUse) => {
      isInUse = inUse;
      if (inUse) await load(env.TILES, objects);
    },
    useSequencer: (inUse) => {
      isSequencerInUse = inUse;
    },
  };
}

/** A tree of 100,000 entries. */
const APPENDED: Appended = {
  kind: "appended",
  leafIndex: 99_999,
  timestamp: unixMs(1_800_000_000_000),
  treeSize: 100_000,
  rootHash: hash(new Uint8Array(32)),
  proof: Array.from({ length: 17 }, () => new Uint8Array(32)),
  checkpoint: "log.example.com\n".padEnd(400, "."),
};

const LOG = valueOf(parseLogSigner(throwAwayKey()));

function throwAwayKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** What crosses is copied both ways, as RPC does it: a caller pays for its half of that. */
const INSTANT = {
  describe: async () => await Promise.resolve({ logId: new Uint8Array(32) }),
  appendSignature: async (submission: unknown) => {
    structuredClone(submission);
    return await Promise.resolve(structuredClone({ ok: true, value: APPENDED }));
  },
  appendCertificate: async (submission: CertificateSubmission) => {
    structuredClone(submission);
    // The one thing that is not of the Worker: without it the Worker would take the answer for none.
    const value = signSct(LOG, submission, { leafIndex: 0, timestamp: unixMs(Date.now()) });
    return await Promise.resolve(structuredClone({ ok: true, value }));
  },
};

/** The bench makes some dozens: one page. */
async function load(bucket: R2Bucket, into: Map<string, ArrayBuffer>): Promise<void> {
  const { objects } = await bucket.list();
  for (const { key } of objects) {
    const object = await bucket.get(key);
    if (object !== null) into.set(key, await object.arrayBuffer());
  }
}
