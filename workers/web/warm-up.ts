// SPDX-License-Identifier: Apache-2.0
// Renders each page while the isolate starts (shared/warm-up/fixture.ts says why), from a log in memory.

import { FIRST_KINDS, LOG_KINDS, type LogKind } from "../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../shared/logs/records.ts";
import { err, ok } from "../../shared/result.ts";
import type { LogHead, LogReadsRpc, LogReport, ReadEntry } from "../../shared/rpc/log-reads.ts";
import type { MonitorState } from "../../shared/rpc/monitor.ts";
import type { TrustStateRpc } from "../../shared/rpc/trust-state.ts";
import type { SearchAnswer, SearchHit } from "../../shared/search/answer.ts";
import { formatRfc3339, unixMs } from "../../shared/time.ts";
import { hash, leafHash } from "../../shared/tlog/hash.ts";
import { NO_LIMIT, runWarmUp, serveWarmUp, WARM_UP_URL } from "../../shared/warm-up/fixture.ts";
import { WARM_UP_ISSUER, WARM_UP_WORKFLOW, warmUpRecords } from "../../shared/warm-up/records.ts";
import { type Config, readConfig, type WebEnv } from "./env.ts";

type Serve = (request: Request, config: Config) => Promise<Response>;

const EPOCH = unixMs(0);
const KEY_HASH = new Uint8Array(32);
const NAME = encodeURIComponent(WARM_UP_WORKFLOW);
const DIGEST = "00".repeat(32);

const PATHS = [
  "/",
  "/logs",
  `/search?identity=${NAME}`,
  `/search?q=${DIGEST}`,
  "/entry/signature/0",
  "/entry/certificate/0",
  `/identity-of/${NAME}`,
  `/search/meanings?q=${NAME}`,
  "/missing",
];

/** Returns the number of pages that were made. Start-up makes no response with a body, which ends each of them. */
export const warmUp = (serve: Serve): Promise<number> => runWarmUp(() => renderPages(serve));

async function renderPages(serve: Serve): Promise<number> {
  const config = readConfig(warmUpEnv());
  if (!config.ok) return 0;
  const headers = { accept: "text/html" };
  for (const path of PATHS)
    await serveWarmUp(() => serve(new Request(`${WARM_UP_URL}${path}`, { headers }), config.value));
  return PATHS.length;
}

function warmUpEnv(): WebEnv {
  const env: Partial<Record<keyof WebEnv, unknown>> = {
    PUBLIC_URL: WARM_UP_URL,
    READS: NO_LIMIT,
    LOG: makeLogReads(),
    TRUST,
    MONITOR: { readState: () => Promise.resolve(WATCHING) },
  };
  // The bindings have the methods that pages call and none that the platform adds.
  return env as WebEnv;
}

type LogReads = Pick<LogReadsRpc, "readEntry" | "readHeads" | "reportLogs" | "countByMonth" | "search">;

function makeLogReads(): LogReads {
  const records = warmUpRecords();
  const heads = FIRST_KINDS.map(headOf);
  return {
    readEntry: (log) => {
      const kind = FIRST_KINDS.find((name) => name === log);
      return Promise.resolve(
        kind === undefined ? err({ code: "entry_log_unknown" }) : ok(entryOf(kind, records[kind])),
      );
    },
    readHeads: () => Promise.resolve(heads),
    reportLogs: (times) => Promise.resolve(heads.map((head) => reportOf(head, times))),
    countByMonth: () => Promise.resolve(ok({ months: [MONTH], isOldestPartial: false, earlierBefore: null })),
    search: () => Promise.resolve(ok(ANSWER)),
  };
}

const TREE = { treeSize: 1, rootHash: hash(KEY_HASH), checkpoint: "warm-up\n1\n" };

const VKEYS = ["warm-up+00000000+AA=="];

const headOf = (kind: LogKind): LogHead => ({
  name: kind,
  kind,
  origin: LOG_KINDS[kind].originOf(WARM_UP_URL),
  url: WARM_UP_URL,
  head: { ...TREE, timestamp: EPOCH },
});

const reportOf = (head: LogHead, times: readonly unknown[]): LogReport => ({
  ...head,
  description: {
    origin: head.origin,
    creation: null,
    createdAt: EPOCH,
    frozenAt: null,
    spki: KEY_HASH,
    logId: KEY_HASH,
    vkeys: VKEYS,
    treeSize: TREE.treeSize,
    publishedEntries: 0,
    indexedEntries: TREE.treeSize,
    headTimestamp: EPOCH,
    witnessedSize: null,
    storageBytes: 1,
    storageLimitBytes: 2,
    state: "running",
    reason: null,
  },
  searchable: TREE.treeSize,
  problems: [],
  sizesAt: times.map((_, i) => i),
});

function entryOf(kind: LogKind, record: Uint8Array): ReadEntry {
  const shown = LOG_RECORDS[kind].show(record, null);
  if (shown === null) throw new TypeError("the record of the warm-up does not decode");
  return {
    log: kind,
    kind,
    logId: KEY_HASH,
    timestamp: EPOCH,
    shown,
    leafIndex: 0,
    proof: [leafHash(shown.body)],
    ...TREE,
    vkeys: VKEYS,
    isHeadSigned: true,
    promise: null,
  };
}

const MONTH = { month: 12 * 1970, count: 1 };

const HIT: SearchHit = {
  log: "signature",
  index: 0,
  kind: "signature",
  time: formatRfc3339(EPOCH),
  digest: `sha256:${DIGEST}`,
  predicateType: null,
  identity: WARM_UP_WORKFLOW,
  issuer: WARM_UP_ISSUER,
  repository: "https://github.com/warm-up/warm-up",
  repositoryId: "1",
  owner: "https://github.com/warm-up",
  ownerId: "1",
  workflow: WARM_UP_WORKFLOW,
  ref: "refs/tags/v1",
  runner: "github-hosted",
  visibility: "public",
};

const ANSWER: SearchAnswer = {
  hits: [HIT],
  completeThrough: 1,
  completeThroughByLog: { signature: 1, certificate: 1 },
  newestTimeByLog: { signature: HIT.time, certificate: HIT.time },
  nextCursor: "warm-up",
};

const WATCHING: MonitorState = {
  isWatching: true,
  logs: FIRST_KINDS.map((log) => ({ log, next: 1, completeAt: EPOCH, behindSince: null, treeSize: 1 })),
  pending: 0,
  oldestPendingAt: null,
  paused: 0,
  problems: [],
};

const TRUST: Pick<TrustStateRpc, "readHealth" | "readDeployedRoot"> = {
  readHealth: () =>
    Promise.resolve({ problems: [], expiries: [{ what: "ca_root", expires: HIT.time, secondsLeft: 1 }] }),
  readDeployedRoot: () => Promise.resolve(null),
};
