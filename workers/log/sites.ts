// SPDX-License-Identifier: Apache-2.0
// The logs of the deployment, each with the way to its sequencer, and which of them a request is for.

import { encodeHex } from "../../shared/bytes/hex.ts";
import { type LogConfig, objectKey } from "../../shared/logs/config.ts";
import { isLogKind, LOG_KIND_NAMES, type LogKind } from "../../shared/logs/kinds.ts";
import { LOG_JSON, readLogCreation } from "../../shared/logs/log-json.ts";
import { listWritableLogs } from "../../shared/logs/shards.ts";
import type { AppendError, EntryPromise, LogDescription, SequencerRpc } from "../../shared/rpc/sequencer.ts";
import { unixMs } from "../../shared/time.ts";
import { CachedTail, type Tail } from "./reading/cached-tail.ts";
import type { Objects } from "./reading/log-reader.ts";

/** A log's sequencer, as this service calls it. */
type Sequencer = Tail &
  Pick<
    SequencerRpc,
    "appendSignature" | "appendCertificate" | "appendPromised" | "findEntries" | "signPromise" | "describe"
  >;

/** One log and the way to its sequencer. */
export interface LogSite {
  readonly log: LogConfig;
  /** Returns a new stub on each call: a stub that threw is broken for good. */
  readonly sequencer: () => Sequencer;
  readonly tail: CachedTail;
  /**
   * The `creation` of the log, null if there is no log yet. Read once per isolate: it never changes. Rejects if R2
   * fails.
   */
  readonly creation: () => Promise<string | null>;
  /** SHA-256 of the log's SPKI. Fetched once per isolate, since a log's keys never change. */
  readonly logId: () => Promise<Uint8Array>;
  /** The keys that sign its checkpoints (LogDescription.vkeys). Fetched with logId. */
  readonly vkeys: () => Promise<readonly string[]>;
  /**
   * The promise of an entry of a Rekor v1 log, by its leaf hash and body: signed once per isolate, as long as it is one
   * of the last thousand. Null if the log does not have the entry.
   */
  readonly promiseOf: (leaf: Uint8Array, body: Uint8Array) => Promise<EntryPromise | null>;
}

/** A promise takes 80 bytes, its key 200. */
const MAX_KEPT_PROMISES = 1000;

interface Sites {
  /** Oldest first. */
  readonly sites: readonly LogSite[];
}

/** Creates the site of a log. Call it once per isolate: the site caches the log's tail and id. */
export function createSite(
  log: LogConfig,
  sequencers: DurableObjectNamespace<SequencerRpc>,
  objects: Pick<Objects, "get">,
): LogSite {
  const sequencer = (): Sequencer => sequencers.getByName(log.name);
  let known: Pick<LogDescription, "logId" | "vkeys"> | null = null;
  const describe = async (): Promise<Pick<LogDescription, "logId" | "vkeys">> => {
    if (known === null) {
      const { logId, vkeys } = await sequencer().describe();
      known = { logId, vkeys };
    }
    return known;
  };
  let creation: string | null = null;
  const promises = new Map<string, EntryPromise>();
  return {
    log,
    sequencer,
    tail: new CachedTail(sequencer, () => Date.now()),
    creation: async () => {
      if (creation !== null) return creation;
      const bytes = await objects.get(objectKey(log, LOG_JSON));
      creation = bytes === null ? null : readLogCreation(bytes);
      return creation;
    },
    logId: async () => (await describe()).logId,
    vkeys: async () => (await describe()).vkeys,
    promiseOf: async (leaf, body) => {
      const key = encodeHex(leaf);
      const kept = promises.get(key);
      if (kept !== undefined) return kept;
      const promise = await sequencer().signPromise(body);
      if (promise === null) return null;
      const [oldest] = promises.keys();
      if (oldest !== undefined && promises.size >= MAX_KEPT_PROMISES) promises.delete(oldest);
      promises.set(key, promise);
      return promise;
    },
  };
}

/** The log with this name (LogConfig.name), null if there is none. */
export const siteByName = ({ sites }: Sites, name: string): LogSite | null =>
  sites.find(({ log }) => log.name === name) ?? null;

/**
 * The log of a kind on the host of the request, null if the host has none. A host never answers for another host's log.
 */
export function siteOf({ sites }: Sites, request: Request, kind: LogKind): LogSite | null {
  const { host } = new URL(request.url);
  return sites.find(({ log }) => log.kind === kind && log.host === host) ?? null;
}

/**
 * The log that `?log=` requests: a kind that the host has a log of, or the name of any log. Without the parameter, it
 * is the host's log of the first kind of LOG_KIND_NAMES that it has a log of. Null if there is no such log.
 */
export function selectSite(sites: Sites, request: Request): LogSite | null {
  const name = new URL(request.url).searchParams.get("log");
  if (name === null) {
    const ofHost = LOG_KIND_NAMES.map((kind) => siteOf(sites, request, kind));
    return ofHost.find((site) => site !== null) ?? null;
  }
  const ofKind = isLogKind(name) ? siteOf(sites, request, name) : null;
  return ofKind ?? siteByName(sites, name);
}

/** The error with which a log that the settings freeze rejects every submission; null if they do not freeze it. */
export function rejectIfFrozen({ sites }: Sites, { log }: LogSite): AppendError | null {
  if (!log.isFrozen) return null;
  const all = sites.map((site) => site.log);
  return { code: "log_frozen", writeTo: listWritableLogs(all, log.kind, unixMs(Date.now()))[0]?.baseUrl ?? null };
}
