// SPDX-License-Identifier: Apache-2.0
// The configuration of the log service, read once per isolate; it holds no key. No other file of the service reads the environment.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { logsSetting, writableLogs } from "../../shared/logs/shards.ts";
import type { AcceptedKeyDetails } from "../../shared/rekor/verify.ts";
import { err, type Result } from "../../shared/result.ts";
import type { AppendError, SequencerRpc } from "../../shared/rpc/sequencer.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, oncePerEnv, Settings } from "../../shared/settings/settings.ts";
import { unixMs } from "../../shared/time.ts";
import { type CompleteChain, parseChains } from "../../shared/x509/chains.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";
import { type Admission, CachedTail, type Tail } from "./reading/cached-tail.ts";
import type { LogReader, Objects } from "./reading/log-reader.ts";
import { proveInclusion } from "./reading/prover.ts";
import type { AddEntryDeps } from "./rekor-v2/add-entry.ts";
import { entryStatus } from "./rekor-v2/add-entry-status.ts";
import { parseSigningAlgorithms, parseWritePolicy, type WritePolicy } from "./rekor-v2/write-policy.ts";
import { logFailure } from "./status.ts";

export type LogEnv = SettingsEnv<typeof SETTINGS> & Partial<BindingsEnv<typeof BINDINGS>>;

/** A log's sequencer, as this service calls it. */
type Sequencer = Tail & Pick<SequencerRpc, "appendSignature" | "appendCertificate" | "describe">;

/** One log and how to reach it. */
export interface LogSite {
  readonly log: LogConfig;
  /** A new stub for each call: one that threw is broken for good. */
  readonly sequencer: () => Sequencer;
  readonly tail: CachedTail;
  /** SHA-256 of the log's SPKI; asked once per isolate, as a log's keys never change. */
  readonly logId: () => Promise<Uint8Array>;
}

export interface Config {
  readonly publicUrl: PublicUrl;
  /** Oldest first. */
  readonly sites: readonly LogSite[];
  /** The chain that issues first; each with its issuing CA first, its root last. */
  readonly chains: readonly CompleteChain[];
  readonly policy: WritePolicy;
  readonly accepted: AcceptedKeyDetails;
  readonly objects: Objects;
  readonly index: D1Database;
  readonly reads: RateLimit;
  readonly writes: RateLimit;
}

/** Fails with config_invalid, naming what is missing or wrong. */
export const readConfig: (env: LogEnv) => Result<Config, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parsed("PUBLIC_URL");
  const logs = logsSetting(settings);
  const writers = readWriters(settings);
  const bindings = settings.bindings(BINDINGS);
  return settings.finish(() => {
    const { SEQUENCER, TILES, INDEX, READS, WRITES } = bindings();
    return {
      publicUrl: publicUrl(),
      sites: logs().map((log) => toSite(log, SEQUENCER)),
      objects: toObjects(TILES),
      index: INDEX,
      reads: READS,
      writes: WRITES,
      ...writers(),
    };
  });
});

type Writers = Pick<Config, "chains" | "policy" | "accepted">;

/** Who may write what; read inside finish's `build` only. The policy rests on the chain, so a wrong chain is named alone. */
function readWriters(settings: Settings): () => Writers {
  const pem = settings.required("CA_CHAIN");
  const chains = parseChains(`${pem}\n${settings.optional("OTHER_CA_CHAINS") ?? ""}`);
  const issuers = chains.ok ? chains.value.map(([issuing]) => issuing) : [];
  const policy = chains.ok
    ? parseWritePolicy(settings.optional("ACCEPT"), settings.optional("LISTED_KEYS"), issuers)
    : err(`CA_CHAIN ${chains.error.reason}`);
  const accepted = parseSigningAlgorithms(settings.optional("SIGNING_ALGORITHMS"));
  if (!policy.ok && pem !== "") settings.problem(policy.error);
  if (!accepted.ok) settings.problem(`SIGNING_ALGORITHMS ${accepted.error}`);
  return () => {
    if (!chains.ok || !policy.ok || !accepted.ok) throw new TypeError("a wrong setting that was not reported");
    return { chains: chains.value, policy: policy.value, accepted: accepted.value };
  };
}

function toSite(log: LogConfig, sequencers: DurableObjectNamespace<SequencerRpc>): LogSite {
  const sequencer = (): Sequencer => sequencers.getByName(log.name);
  let known: Uint8Array | null = null;
  return {
    log,
    sequencer,
    tail: new CachedTail(sequencer, () => Date.now()),
    logId: async () => (known ??= (await sequencer().describe()).logId),
  };
}

function toObjects(bucket: R2Bucket): Objects {
  return {
    get: async (key) => {
      const object = await bucket.get(key);
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    },
  };
}

/** The log of this name (LogConfig.name), null if there is none. */
export const siteNamed = ({ sites }: Config, name: string): LogSite | null =>
  sites.find(({ log }) => log.name === name) ?? null;

/** The log of a kind on the host that the request is for, null if the host has none: a host never speaks for another's log. */
export function siteOf({ sites }: Config, request: Request, kind: LogKind): LogSite | null {
  const { host } = new URL(request.url);
  return sites.find(({ log }) => log.kind === kind && log.host === host) ?? null;
}

/** Why a log that the settings freeze takes nothing, whatever is sent to it; null if they do not. */
export function frozenError({ sites }: Config, { log }: LogSite): AppendError | null {
  if (!log.isFrozen) return null;
  const all = sites.map((site) => site.log);
  return { code: "log_frozen", writeTo: writableLogs(all, log.kind, unixMs(Date.now()))[0]?.baseUrl ?? null };
}

/**
 * The log that `?log=` asks for: a kind of which the host has one, or the name of any log. Without it the host's signature
 * log, or on a host that has none its certificate log. Null if there is no such log.
 */
export function askedSite(config: Config, request: Request): LogSite | null {
  const name = new URL(request.url).searchParams.get("log");
  if (name === null) return siteOf(config, request, "signature") ?? siteOf(config, request, "certificate");
  const ofKind = name === "signature" || name === "certificate" ? siteOf(config, request, name) : null;
  return ofKind ?? siteNamed(config, name);
}

/** The address that limits count for. Cloudflare sets the header on what comes from outside, whatever the sender wrote there. */
export const senderOf = ({ headers }: Request): string => headers.get("cf-connecting-ip") ?? "local";

/** Whether the sender may submit one more chain now. */
export async function admitsWrite({ writes }: Config, request: Request): Promise<boolean> {
  return (await writes.limit({ key: senderOf(request) })).success;
}

/** A log as one request of `sender` may read it: what reaches the sequencer counts against the sender's limit, once per request. */
export function readerOf({ objects, reads }: Config, { log, tail }: LogSite, sender: string): LogReader {
  let outcome: Promise<RateLimitOutcome> | null = null;
  const admit: Admission = async () => (await (outcome ??= reads.limit({ key: sender }))).success;
  return { log, tail, objects, admit };
}

/** What add-entry.ts works with, for one request to a log. */
export function addEntryDeps(
  { policy, accepted, objects }: Config,
  { log, tail, sequencer, logId }: LogSite,
  request: Request,
): AddEntryDeps {
  // No limit on these reads: a client's retry must not fail for what others read.
  const reader: LogReader = { log, tail, objects, admit: () => Promise.resolve(true) };
  return {
    policy,
    accepted,
    sequencer,
    logId,
    prover: { prove: (leafIndex, leaf) => proveInclusion(reader, leafIndex, leaf) },
    observe: (head) => tail.observe(head),
    report: (error) => logFailure(request, error, entryStatus(error).grpc === "UNAVAILABLE" ? "error" : "warn"),
  };
}
