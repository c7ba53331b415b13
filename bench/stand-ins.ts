// SPDX-License-Identifier: Apache-2.0
// Replaces Miniflare's simulators of R2, D1 and rate limits, which are Workers in the same thread and cost milliseconds
// that Cloudflare's services do not. Objects are read from memory, rows are discarded, and no limit applies. Objects
// are also put into R2, so that a log finds them after a restart. The sequencer and the object of grants,
// invocations of their own, can be replaced too, by ones that respond immediately with a response of realistic size.

import { generateKeyPairSync } from "node:crypto";
import { err, ok } from "../shared/result.ts";
import type { GrantsRpc, Redeemed } from "../shared/rpc/grants.ts";
import type { Appended, CertificateSubmission } from "../shared/rpc/sequencer.ts";
import { unixMs } from "../shared/time.ts";
import { hash } from "../shared/tlog/hash.ts";
import { valueOf } from "../test/support/value-of.ts";
import type { ComposedEnv } from "../workers/compose.ts";
import type { OidcUpstream } from "../workers/oidc/connectors/remote.ts";
import { signSct } from "../workers/sequencer/kinds/certificate.ts";
import { parseLogSigner } from "../workers/sequencer/kinds/log-keys.ts";
import { override } from "./override.ts";
import { Recordings } from "./recordings.ts";

/** Switches between the simulators and their stand-ins. */
export interface StandIns {
  /** The environment with switchable bindings. */
  readonly env: ComposedEnv;
  /** Replaces the simulators, or restores them. */
  readonly use: (inUse: boolean) => Promise<void>;
  /** Replaces the objects that a Worker calls, sequencer and grants, or restores them. */
  readonly useSequencer: (inUse: boolean) => void;
  /** Replaces the invocation that asks a provider who somebody is, or restores it. */
  readonly useProvider: (inUse: boolean) => void;
  /** That invocation, or its stand-in. */
  readonly providerOf: (real: OidcUpstream) => OidcUpstream;
  /** The answers of D1 and the objects to reads. */
  readonly recordings: Recordings;
  /** Runs the recordings once, so that a measurement has no part in compiling them. */
  readonly rehearse: () => Promise<void>;
}

type RateLimitName = { [N in keyof ComposedEnv]: ComposedEnv[N] extends RateLimit ? N : never }[keyof ComposedEnv];

/** All rate limits; the type check fails if one is missing. */
const RATE_LIMITS = Object.keys({ READS: true, WRITES: true, IDENTITIES: true } satisfies Record<
  RateLimitName,
  true
>) as RateLimitName[];

/** Wraps the bindings of an environment. The simulators are in use at first. */
export function createStandIns(env: ComposedEnv): StandIns {
  const objects = new Map<string, ArrayBuffer>();
  let isInUse = false;
  let isSequencerInUse = false;
  let isProviderInUse = false;
  const recordings = new Recordings();
  const tiles = override(env.TILES, {
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
  const bound = new WeakMap<D1PreparedStatement, { readonly query: string; readonly values: readonly unknown[] }>();
  const valuesOf = (one: D1PreparedStatement): readonly unknown[] => bound.get(one)?.values ?? [];
  const index = override(env.INDEX, {
    prepare: (query: string) => {
      const statement = env.INDEX.prepare(query);
      const bind = (...values: unknown[]): D1PreparedStatement => {
        const result = statement.bind(...values);
        bound.set(result, { query, values });
        return result;
      };
      const unbound = override(statement, { bind });
      bound.set(unbound, { query, values: [] });
      return unbound;
    },
    batch: async (statements: D1PreparedStatement[]) => {
      if (isInUse && !recordings.isInUse) return answerFeed(statements.map(valuesOf));
      const question = JSON.stringify(statements.map((one) => bound.get(one)));
      return await recordings.answer<unknown>(question, () => env.INDEX.batch(statements));
    },
  });
  const limits = RATE_LIMITS.map((name) => {
    const limit = async (options: RateLimitOptions) => (isInUse ? { success: true } : await env[name].limit(options));
    return [name, override(env[name], { limit })] as const;
  });
  const sequencers = override(env.SEQUENCER, {
    getByName: (name: string) =>
      isSequencerInUse ? INSTANT : recordings.answerCalls(name, env.SEQUENCER.getByName(name)),
  });
  const grants = override(env.GRANTS, {
    getByName: (name: string) => (isSequencerInUse ? INSTANT_GRANTS : env.GRANTS.getByName(name)),
  });
  const repositories = override(env.TUF, {
    getByName: (name: string) => recordings.answerCalls(`tuf ${name}`, env.TUF.getByName(name)),
  });
  const bindings = { SEQUENCER: sequencers, TUF: repositories, TILES: tiles, INDEX: index };
  return {
    env: { ...env, ...bindings, GRANTS: grants, ...Object.fromEntries(limits) },
    recordings,
    rehearse: async () => {
      const statement = (): D1PreparedStatement => index.prepare("SELECT ?1 AS one").bind(1);
      for (let i = 0; i < 2; i++) await index.batch([statement()]);
      await sequencers.getByName("signature").head();
      await tiles.get("rehearsal");
    },
    use: async (inUse) => {
      isInUse = inUse;
      if (inUse) await load(env.TILES, objects);
    },
    useSequencer: (inUse) => {
      isSequencerInUse = inUse;
    },
    useProvider: (inUse) => {
      isProviderInUse = inUse;
    },
    providerOf: (real) => (isProviderInUse ? INSTANT_PROVIDER : real),
  };
}

/**
 * Answers a batch of entries as D1 does: the index is complete through the last one. Without this answer, the log
 * assumes that the rows are lost, and feeds all of them again.
 * @param bound the values of each statement, of which the third sets the watermark: log, creation, first, end
 */
function answerFeed(bound: readonly (readonly unknown[])[]): readonly object[] {
  const [, creation = null, , size] = bound[2] ?? [];
  if (typeof size !== "number") throw new TypeError("the stand-in of D1 knows only what a log writes to its index");
  return bound.map(() => ({ results: [{ size, creation }], meta: { rows_written: 0 } }));
}

const REDEEMED: Redeemed = {
  clientId: "sigstore",
  identity: {
    connectorId: "https://login.example.com",
    userId: "1",
    subject: "s".repeat(43),
    address: "alice@example.com",
    nonce: null,
  },
  tokenId: "00000000-0000-4000-8000-000000000000",
};
const WAITING = { userCode: "BCDF-GHJK", clientId: "sigstore", network: null, country: null, askedAt: unixMs(0) };

/** An object of grants that has whatever it is asked for. */
const INSTANT_GRANTS: Omit<GrantsRpc, keyof Rpc.DurableObjectBranded> = {
  addCode: () => Promise.resolve(),
  redeemCode: () => Promise.resolve(structuredClone(ok(REDEEMED))),
  addDevice: () => Promise.resolve(true),
  findDevice: () => Promise.resolve(structuredClone(ok(WAITING))),
  decideDevice: () => Promise.resolve(true),
  pollDevice: () => Promise.resolve(err({ code: "authorization_pending" })),
  isRevoked: () => Promise.resolve(false),
};

/** Vouches for one address. The question and the answer are copied as in RPC. */
const INSTANT_PROVIDER: OidcUpstream = {
  identify: async (callback) => {
    structuredClone(callback);
    return await Promise.resolve(structuredClone(ok([{ userId: "1", address: "alice@example.com" }])));
  },
};

/** The response for a tree of 100,000 entries. */
const APPENDED: Appended = {
  kind: "appended",
  leafIndex: 99_999,
  timestamp: unixMs(1_800_000_000_000),
  treeSize: 100_000,
  rootHash: hash(new Uint8Array(32)),
  proof: Array.from({ length: 17 }, () => new Uint8Array(32)),
  checkpoint: "log.example.com\n".padEnd(400, "."),
};

const LOG = valueOf(parseLogSigner(createLogKey()));

function createLogKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * A sequencer that responds immediately. Arguments and results are copied as in RPC, so that the caller pays its half.
 */
const INSTANT = {
  describe: async () => await Promise.resolve({ logId: new Uint8Array(32) }),
  appendSignature: async (submission: unknown) => {
    structuredClone(submission);
    return await Promise.resolve(structuredClone({ ok: true, value: APPENDED }));
  },
  appendPromised: async (submission: unknown) => {
    structuredClone(submission);
    const promise = { timestamp: APPENDED.timestamp, signature: new Uint8Array(71) };
    return await Promise.resolve(structuredClone({ ok: true, value: { answer: APPENDED, promise } }));
  },
  appendCertificate: async (submission: CertificateSubmission) => {
    structuredClone(submission);
    // The CA verifies SCTs, so this one has to be signed, although signing is not the Worker's work.
    const value = signSct(LOG, submission, { leafIndex: 0, timestamp: unixMs(Date.now()) });
    return await Promise.resolve(structuredClone({ ok: true, value }));
  },
};

/** Loads all objects. The benchmark creates a few dozen, so one page holds them. */
async function load(bucket: R2Bucket, into: Map<string, ArrayBuffer>): Promise<void> {
  const { objects } = await bucket.list();
  for (const { key } of objects) {
    const object = await bucket.get(key);
    if (object !== null) into.set(key, await object.arrayBuffer());
  }
}
