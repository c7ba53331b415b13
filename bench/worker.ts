// SPDX-License-Identifier: Apache-2.0
// The composed Worker with the development issuer, as `npm start` runs it, plus routes below /bench/ that need access
// from inside: to count the use of bindings, append without HTTP and replace Miniflare's simulators. It does not
// measure time.

import { encodeUtf8 } from "../shared/bytes/utf8.ts";
import type { LogKind } from "../shared/logs/kinds.ts";
import type { SignatureSubmission } from "../shared/rpc/sequencer.ts";
import { type SearchRow } from "../shared/search/row.ts";
import { decodeSigner } from "../shared/search/signer.ts";
import { TERMS_VERSION, termKey } from "../shared/search/terms.ts";
import { readOncePerEnv } from "../shared/settings/settings.ts";
import { hash } from "../shared/tlog/hash.ts";
import type { ComposedEnv } from "../workers/compose.ts";
import dev, {
  Anchor as DevAnchor,
  Grants as DevGrants,
  LogReads as DevLogReads,
  Monitor as DevMonitor,
  Sequencer as DevSequencer,
  Tiles as DevTiles,
  TrustState as DevTrustState,
  TufRepository as DevTufRepository,
  UsedTokens as DevUsedTokens,
} from "../workers/dev.ts";
import {
  countAlarm,
  countRequest,
  counts,
  meterBucket,
  meterDatabase,
  meterObjects,
  meterStorage,
} from "./counting.ts";
import { override } from "./override.ts";
import { createStandIns } from "./stand-ins.ts";

export * from "../workers/dev.ts";

const standIns = readOncePerEnv(createStandIns);

const meterEnv: (env: ComposedEnv) => ComposedEnv = readOncePerEnv((real) => {
  const { env } = standIns(real);
  return {
    ...env,
    TILES: meterBucket(env.TILES),
    INDEX: meterDatabase(env.INDEX),
    SEQUENCER: meterObjects(env.SEQUENCER, "sequencer"),
    ANCHOR: meterObjects(env.ANCHOR, "anchor"),
    GRANTS: meterObjects(env.GRANTS, "grants"),
    MONITOR: meterObjects(env.MONITOR, "monitor"),
    TUF: meterObjects(env.TUF, "tuf"),
    USED_TOKENS: meterObjects(env.USED_TOKENS, "used-tokens"),
  };
});

/** Shadows the `storage` property: the object itself must stay the platform's. */
const meterContext = (ctx: DurableObjectState, isMonitor = false): DurableObjectState =>
  Object.defineProperty(ctx, "storage", { value: meterStorage(ctx, isMonitor) });

/** The sequencer with metered storage and bindings. */
export class Sequencer extends DevSequencer {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(meterContext(ctx), meterEnv(env));
  }

  override async alarm(): Promise<void> {
    countAlarm();
    await super.alarm();
  }
}

/** The anchor with metered storage. */
export class Anchor extends DevAnchor {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(meterContext(ctx), env);
  }
}

/** The monitor with metered storage. */
export class Monitor extends DevMonitor {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(meterContext(ctx, true), env);
  }

  override async alarm(): Promise<void> {
    countAlarm();
    await super.alarm();
  }
}

/** The codes and waiting devices of sign-ins with metered storage. */
export class Grants extends DevGrants {
  constructor(ctx: DurableObjectState) {
    super(meterContext(ctx));
  }

  override async alarm(): Promise<void> {
    countAlarm();
    await super.alarm();
  }
}

/** The used tokens with metered storage. */
export class UsedTokens extends DevUsedTokens {
  constructor(ctx: DurableObjectState) {
    super(meterContext(ctx));
  }

  override async alarm(): Promise<void> {
    countAlarm();
    await super.alarm();
  }
}

/** The TUF repository with metered storage. */
export class TufRepository extends DevTufRepository {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(meterContext(ctx), env);
  }
}

/** The reads of tiles, which the cache answers on Cloudflare, with metered bindings. */
export class Tiles extends DevTiles {
  constructor(ctx: ConstructorParameters<typeof DevTiles>[0], env: ComposedEnv) {
    super(ctx, { ...meterEnv(env), TILES: meterBucket(env.TILES, true) });
  }
}

/** The reads of the pages, with metered bindings. */
export class LogReads extends DevLogReads {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, meterEnv(env));
  }
}

/** The trust of the pages, with metered bindings. */
export class TrustState extends DevTrustState {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, meterEnv(env));
  }
}

interface Called {
  readonly env: ComposedEnv;
  /** The environment and the context of a request, with what counts and replaces. */
  readonly metered: ComposedEnv;
  readonly replaced: ExecutionContext;
  readonly body: string;
}

type Answer = (query: URLSearchParams, called: Called) => unknown;

const ROUTES: Readonly<Record<string, Answer>> = {
  "/bench/nothing": () => null,
  "/bench/counts": () => counts(),
  "/bench/fetch": async (query) => (await fetch(query.get("url") ?? "")).status,
  "/bench/stand-ins": async (query, { env }) => {
    await standIns(env).use(query.get("inUse") === "yes");
    standIns(env).useSequencer(query.get("sequencer") === "yes");
    standIns(env).useProvider(query.get("provider") === "yes");
    return null;
  },
  "/bench/recordings": async (query, { env, body }) => {
    const { recordings, use, rehearse } = standIns(env);
    if (body === "") return recordings.toText();
    await use(true);
    recordings.isInUse = true;
    recordings.hasReads = query.get("reads") === "yes";
    recordings.load(body);
    await rehearse();
    return null;
  },
  "/bench/cron": async (_, { metered, replaced }) => {
    await dev.scheduled({ cron: "", scheduledTime: Date.now(), noRetry: () => {} }, metered, replaced);
    return null;
  },
  "/bench/anchor": async (query, { env }) => await moveAnchor(Number(query.get("count")), env),
  "/bench/size": async (query, { env }) => (await env.SEQUENCER.getByName(query.get("log") ?? "").head()).treeSize,
  "/bench/append": async (query, { env }) => await append(query, env),
};

/** Appends `count` entries by RPC from `callers` concurrent callers, numbered from `from` so that no two are equal. */
async function append(query: URLSearchParams, env: ComposedEnv): Promise<{ readonly appended: number }> {
  const [from = 0, count = 0, callers = 0] = ["from", "count", "callers"].map((name) => Number(query.get(name)));
  const log = query.get("log");
  const appendOne = log === null || !Object.hasOwn(APPEND, log) ? undefined : APPEND[log as keyof typeof APPEND];
  if (appendOne === undefined) throw new RangeError(`no log is called ${log}`);
  let next = from;
  const createCaller = async (): Promise<void> => {
    while (next < from + count) {
      const result = await appendOne(env, next++);
      if (!result.ok) throw new Error(result.error.code);
    }
  };
  await Promise.all(Array.from({ length: callers }, createCaller));
  return { appended: count };
}

/** Advances an anchor without a log, step by step. */
async function moveAnchor(count: number, env: ComposedEnv): Promise<null> {
  const { treeSize = 0 } = (await env.ANCHOR.getByName("bench").read()) ?? {};
  const headOf = (size: number) => ({ treeSize: size, rootHash: hash(new Uint8Array(32).fill(size % 256)) });
  for (let size = treeSize; size < treeSize + count; size++) {
    const step = { from: size === 0 ? null : headOf(size), to: headOf(size + 1) };
    if (!(await env.ANCHOR.getByName("bench").advance(step))) throw new Error(`the anchor is not at ${size}`);
  }
  return null;
}

/** A unique body as long as that of an entry with a certificate. */
const filler = (number: number): Uint8Array => encodeUtf8(`number ${number} of the bench `.padEnd(1300, "."));

const SIGNER = decodeSigner({ names: ["email:bench@example.com"], issuer: "https://issuer.example.com" });

const searchRow = (number: number): SearchRow => ({
  termsVersion: TERMS_VERSION,
  kind: "signature",
  terms: [termKey("digest", `sha256:${number}`)],
  digest: `sha256:${number.toString(16).padStart(64, "0")}`,
  signer: SIGNER,
  publicKey: termKey("publicKey", String(number)),
  certificate: termKey("certificate", String(number)),
  commit: null,
  run: null,
  signature: termKey("signature", String(number)),
  leaf: termKey("leaf", String(number)),
});

const signatureOf = (number: number): SignatureSubmission => ({
  body: filler(number),
  search: searchRow(number),
  hints: null,
  otherForms: [],
  budget: null,
});

const appendSignature = (env: ComposedEnv, number: number) =>
  env.SEQUENCER.getByName("signature").appendSignature(signatureOf(number));

const appendPromised = (env: ComposedEnv, number: number) =>
  env.SEQUENCER.getByName("rekor-v1").appendPromised(signatureOf(number));

const appendCertificate = (env: ComposedEnv, number: number) =>
  env.SEQUENCER.getByName("certificate").appendCertificate({
    entryType: "precert_entry",
    issuerKeyHash: new Uint8Array(32),
    signedEntry: filler(number),
    precertificate: filler(number),
    precertificateForm: null,
    issuers: [filler(1), filler(2)],
    search: searchRow(number),
  });

/** The entrypoints of the Worker itself: answers to pages can be recorded, and one entrypoint has a stand-in. */
function replaceEntrypoints(env: ComposedEnv, ctx: ExecutionContext): ExecutionContext {
  const { recordings, providerOf } = standIns(env);
  const record = <T extends object>(name: string, target: T): T =>
    new Proxy(target, {
      get: (_, method) =>
        Reflect.get(recordings.hasReads ? recordings.answerCalls(name, target) : target, method) as unknown,
    });
  const replaced: Readonly<Record<string, unknown>> = {
    OidcUpstream: providerOf(ctx.exports.OidcUpstream),
    LogReads: record("reads", ctx.exports.LogReads),
    TrustState: record("trust", ctx.exports.TrustState),
    MonitorHeartbeat: record("monitor", ctx.exports.MonitorHeartbeat),
  };
  const exports = new Proxy(ctx.exports, {
    get: (target, name) => (replaced[String(name)] ?? Reflect.get(target, name)) as unknown,
  });
  return override(ctx, { exports });
}

const APPEND = {
  signature: appendSignature,
  certificate: appendCertificate,
  "rekor-v1": appendPromised,
} as const satisfies Readonly<Record<LogKind, unknown>>;

export default {
  async fetch(request: Request, env: ComposedEnv, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const answer = ROUTES[pathname];
    // For the routes of the bench too: a request that is measured must not be the first to compile this.
    const [metered, replaced] = [meterEnv(env), replaceEntrypoints(env, ctx)];
    if (answer === undefined) countRequest();
    return answer === undefined
      ? await dev.fetch(request, metered, replaced)
      : Response.json(await answer(searchParams, { env, metered, replaced, body: await request.text() }));
  },
};
