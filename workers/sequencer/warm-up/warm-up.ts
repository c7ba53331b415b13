// SPDX-License-Identifier: Apache-2.0
// Opens a log of each kind, appends to it and opens it again while the isolate starts (shared/warm-up/fixture.ts says
// why): the first signer after a pause waits for an object that starts.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { unixMs } from "../../../shared/time.ts";
import { runWarmUp, WARM_UP_URL, warmUpEd25519Key, warmUpKey } from "../../../shared/warm-up/fixture.ts";
import { advanceAnchoredHead, prepareAnchoredHead, readAnchoredHead } from "../anchor/anchored-head.ts";
import type { AnchorPort, Host } from "../deps.ts";
import { readLogSetup, type SequencerEnv } from "../env.ts";
import { certificateSubmission, type Submission, signatureSubmission, signSct } from "../kinds/format.ts";
import { Log } from "../log.ts";
import { r2Objects } from "../platform/r2-objects.ts";
import { d1Index } from "../publication/index-feed.ts";
import { LogStorage } from "../storage.ts";
import { MemorySql } from "./memory-sql.ts";

const EPOCH = unixMs(0);
const ENTRY = encodeUtf8("warm-up");
const SEARCH = { terms: ["key:warm-up"], termsVersion: 1, digest: null, identity: null, issuer: null };

/** Returns the number of entries in the two logs, or 0 where start-up forbids a step. */
export const warmUp = (): Promise<number> =>
  runWarmUp(async () => (await grow("signature")) + (await grow("certificate")));

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
      witnessing: null,
    });
  await open().append(signature(1));
  // Nearly every start finds an existing log.
  const log = open();
  await log.append(name === "signature" ? signature(2) : certificate(2));
  signSct(setup.value.ecdsa, certificateOf(2), { leafIndex: 1, timestamp: EPOCH });
  return log.head?.treeSize ?? 0;
}

const signature = (number: number): Submission =>
  signatureSubmission({ body: ENTRY.with(0, number), search: SEARCH, hints: null });

const certificateOf = (number: number): Parameters<typeof certificateSubmission>[0] => ({
  entryType: "precert_entry",
  issuerKeyHash: new Uint8Array(32),
  signedEntry: ENTRY.with(0, number),
  precertificate: ENTRY,
  chainFingerprints: [new Uint8Array(32)],
  search: SEARCH,
});

const certificate = (number: number): Submission => certificateSubmission(certificateOf(number));

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
  const statement = { bind: () => statement };
  return { prepare: () => statement, batch: () => Promise.resolve([]) } as unknown as D1Database;
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
  after: () => () => undefined,
  logLine: () => undefined,
});
