// SPDX-License-Identifier: Apache-2.0
// Reads entries and searches while the isolate starts (shared/warm-up/fixture.ts says why), in logs of one entry each.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { FIRST_KINDS, type LogKind } from "../../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../../shared/logs/records.ts";
import type { LogDescription } from "../../../shared/rpc/sequencer.ts";
import { MARK_COLUMNS } from "../../../shared/search/index-writes.ts";
import { termKey } from "../../../shared/search/terms.ts";
import type { Row } from "../../../shared/sql/columns.ts";
import { unixMs } from "../../../shared/time.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import { warmUpKey } from "../../../shared/warm-up/fixture.ts";
import { WARM_UP_WORKFLOW, warmUpRecords } from "../../../shared/warm-up/records.ts";
import type { ReadingConfig } from "../env.ts";
import { CachedTail, type Tail } from "../reading/cached-tail.ts";
import { answerSearch, countMonths, readLoggedEntry, reportLogs } from "../reading/log-reads.ts";
import type { LogSite } from "../sites.ts";

const EPOCH = unixMs(0);
const ID = new Uint8Array(32);
const DIGEST = "ab".repeat(32);

/** Returns how many reads found something. Start-up makes no response with a body, which ends the searches. */
export async function warmUpReads(config: ReadingConfig): Promise<number> {
  const records = warmUpRecords();
  const sites = config.sites.flatMap((site) =>
    FIRST_KINDS.filter((kind) => kind === site.log.kind).map((kind) => fill(site, records[kind])),
  );
  const filled: ReadingConfig = { ...config, sites, objects: { get: () => Promise.resolve(null) }, index: makeIndex() };
  const name = encodeURIComponent(WARM_UP_WORKFLOW);
  let count = 0;
  const read = async (found: Promise<boolean>): Promise<void> => {
    count += Number(await found.catch(() => false));
  };
  const findHits = async (query: string): Promise<boolean> => {
    const answer = await answerSearch(filled, `${query}&limit=20`);
    return answer.ok && answer.value.hits.length > 0;
  };
  for (const kind of FIRST_KINDS) await read(readLoggedEntry(filled, kind, 0).then(({ ok }) => ok));
  for (const term of [`identity=${name}`, `digest=sha256:${DIGEST}`, `publicKey=${FINGERPRINT}`])
    await read(findHits(term));
  await read(countMonths(filled, WARM_UP_WORKFLOW, null).then((counts) => counts.ok && counts.value !== null));
  await read(reportLogs(filled, [EPOCH]).then((reports) => reports.every(({ sizesAt }) => sizesAt !== null)));
  return count;
}

/** The site of a log with one entry, in its sequencer. */
function fill({ log }: LogSite, record: Uint8Array): LogSite {
  const leaf = leafHash(LOG_RECORDS[log.kind].leafData(record) ?? record);
  const head = { treeSize: 1, rootHash: leaf, checkpoint: "", timestamp: EPOCH };
  const tail: Tail = {
    head: () => Promise.resolve(head),
    readTile: () => Promise.resolve({ kind: "found", value: leaf }),
    readBundle: () => Promise.resolve({ kind: "beyond" }),
    readEntry: () => Promise.resolve({ kind: "found", value: { record, timestamp: EPOCH, hints: null } }),
  };
  const sequencer = { ...tail, describe: () => Promise.resolve(describe(log.kind)) };
  return {
    log,
    // Reading calls no other method.
    sequencer: () => sequencer as unknown as ReturnType<LogSite["sequencer"]>,
    tail: new CachedTail(
      () => tail,
      () => EPOCH,
    ),
    creation: () => Promise.resolve(null),
    logId: () => Promise.resolve(ID),
    vkeys: () => Promise.resolve([]),
    promiseOf: () => Promise.resolve(null),
  };
}

const describe = (kind: LogKind): LogDescription => ({
  origin: kind,
  creation: null,
  createdAt: EPOCH,
  frozenAt: null,
  spki: ID,
  logId: ID,
  vkeys: [],
  treeSize: 1,
  publishedEntries: 0,
  indexedEntries: 1,
  headTimestamp: EPOCH,
  witnessedSize: null,
  storageBytes: 1,
  storageLimitBytes: 2,
  state: "running",
  reason: null,
});

const KEY = "000000000000";
const FINGERPRINT = encodeHex(sha256(warmUpKey().spki));

const MARKS = Object.fromEntries(
  Object.values(MARK_COLUMNS).map((column) => [column, termKey("publicKey", FINGERPRINT)]),
);

/** The row of a log that has what every statement selects: each log's only entry is found by every question. */
const rowOf = (log: LogKind, i: number): Row => ({
  log,
  number: i + 1,
  size: 1,
  creation: null,
  newest: 0,
  since: null,
  until: 0,
  signer: KEY,
  looked: 0,
  block: 0,
  idx: 0,
  has: 1,
  times: KEY,
  kinds: "00",
  signers: KEY,
  ...MARKS,
  fields: `{"names":["uri:${WARM_UP_WORKFLOW}"],"issuer":"i"}`,
  digest: DIGEST,
  long_digest: null,
  type_key: null,
  first_ms: 0,
  time: 0,
  month: 0,
  count: 1,
  blocks: 1,
});

/** The rows of both logs for each statement. */
const answerBatch = (statements: readonly unknown[]): Promise<object[]> =>
  Promise.resolve(statements.map(() => ({ results: FIRST_KINDS.map(rowOf) })));

function makeIndex(): D1Database {
  const statement = { bind: () => statement };
  // Searching calls no other method.
  return { prepare: () => statement, batch: answerBatch } as unknown as D1Database;
}
