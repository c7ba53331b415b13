// SPDX-License-Identifier: Apache-2.0
// Opens a log of each first kind, appends to it and opens it again while the isolate starts (shared/warm-up/fixture.ts
// says why): the first signer after a pause waits for an object that starts.

import { FIRST_KINDS } from "../../../shared/logs/kinds.ts";
import { unixMs } from "../../../shared/time.ts";
import { runWarmUp, WARM_UP_URL, warmUpEd25519Key, warmUpKey } from "../../../shared/warm-up/fixture.ts";
import { advanceAnchoredHead, prepareAnchoredHead, readAnchoredHead } from "../anchor/anchored-head.ts";
import type { AnchorPort, Host } from "../deps.ts";
import { readLogSetup, type SequencerEnv } from "../env.ts";
import { sampleCertificate, signSct } from "../kinds/certificate.ts";
import { SEQUENCER_KINDS } from "../kinds/kinds.ts";
import { Log } from "../log.ts";
import { r2Objects } from "../platform/r2-objects.ts";
import { d1Index } from "../publication/index-feed.ts";
import { LogStorage } from "../storage.ts";
import { MemorySql } from "./memory-sql.ts";

const EPOCH = unixMs(0);

/** Returns the number of entries in the two logs, or 0 where start-up forbids a step. */
export const warmUp = (): Promise<number> =>
  runWarmUp(async () => {
    let entries = 0;
    // The first log of a kind is called after its kind.
    for (const name of FIRST_KINDS) entries += await grow(name);
    return entries;
  });

async function grow(name: string): Promise<number> {
  const setup = readLogSetup(warmUpEnv(), name);
  if (!setup.ok) return 0;
  const rows = new MemorySql();
  const stores = {
    objects: r2Objects(memoryBucket()),
    index: d1Index(memoryDatabase()),
    anchor: memoryAnchor(),
  };
  const open = (): Log =>
    new Log({
      ...setup.value,
      ...stores,
      storage: new LogStorage(rows),
      host: idleHost(),
      backupEveryMs: Number.POSITIVE_INFINITY,
      maxStorageBytes: 1,
      witnessing: null,
    });
  const { createSample } = SEQUENCER_KINDS[setup.value.config.kind];
  await open().append(createSample(1));
  // Nearly every start finds an existing log.
  const log = open();
  await log.append(createSample(2));
  signSct(setup.value.ecdsa, sampleCertificate(2), { leafIndex: 1, timestamp: EPOCH });
  return log.head?.treeSize ?? 0;
}

function warmUpEnv(): SequencerEnv {
  const { pem } = warmUpKey();
  const env = {
    PUBLIC_URL: WARM_UP_URL,
    SIGNATURE_LOG_KEY: pem,
    SIGNATURE_LOG_ED25519_KEY: warmUpEd25519Key(),
    CERTIFICATE_LOG_KEY: pem,
  };
  // The bindings are unused: the logs get ports of their own.
  return env as unknown as SequencerEnv;
}

function memoryBucket(): Parameters<typeof r2Objects>[0] {
  const objects = new Map<string, unknown>();
  const bucket = {
    get: (key: string) =>
      Promise.resolve(objects.has(key) ? { arrayBuffer: () => Promise.resolve(objects.get(key)) } : null),
    put: (key: string, bytes: Uint8Array) => Promise.resolve(objects.set(key, bytes.slice().buffer)),
  };
  // The log calls no other method of R2.
  return bucket as unknown as Parameters<typeof r2Objects>[0];
}

function memoryDatabase(): D1Database {
  const statement = (values: readonly unknown[]) => ({ values, bind: (...bound: unknown[]) => statement(bound) });
  return { prepare: () => statement([]), batch: createBatch } as unknown as D1Database;
}

/** The log sends whole batches from 0 on, so the end of each is the size through which the index is complete. */
function createBatch(statements: readonly { readonly values: readonly unknown[] }[]): Promise<unknown> {
  const size = Math.max(...statements.map(({ values }) => Number(values[3] ?? 0)));
  return Promise.resolve([{ results: [{ size, creation: null }] }]);
}

function memoryAnchor(): AnchorPort {
  const rows = new MemorySql();
  prepareAnchoredHead(rows);
  return {
    read: () => Promise.resolve(readAnchoredHead(rows)),
    advance: (step) => Promise.resolve(advanceAnchoredHead(rows, step)),
  };
}

const idleHost = (): Host => ({
  now: () => EPOCH,
  randomId: () => "",
  abort: () => undefined,
  keepAlive: () => undefined,
  pause: () => Promise.resolve(),
  setAlarm: () => undefined,
  runAfter: () => () => undefined,
  logLine: () => undefined,
});
