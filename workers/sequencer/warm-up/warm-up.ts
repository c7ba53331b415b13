// SPDX-License-Identifier: Apache-2.0
// Opens a log of each kind, appends to it and opens it again while the isolate starts. The first run of code costs several times
// its later price, as it is compiled then, and whoever signs first after a pause waits for an object that starts.

import { encodePem } from "../../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { octetString, oid, sequence, smallInteger } from "../../../shared/der/writer.ts";
import { unixMs } from "../../../shared/time.ts";
import { advanceAnchoredHead, prepareAnchoredHead, readAnchoredHead } from "../anchor/anchored-head.ts";
import type { AnchorPort, Host } from "../deps.ts";
import { readLogSetup, type SequencerEnv } from "../env.ts";
import { certificateSubmission, type Submission, signatureSubmission, signSct } from "../kinds/format.ts";
import { Log } from "../log.ts";
import { r2Objects } from "../platform/r2-objects.ts";
import { d1Index } from "../publication/index-feed.ts";
import { LogStorage } from "../storage.ts";
import { ThrowAwayRows } from "./memory-sql.ts";

const EPOCH = unixMs(0);
const ENTRY = encodeUtf8("warm-up");
const SEARCH = { terms: ["key:warm-up"], termsVersion: 1, digest: null, identity: null, issuer: null };

/** Gives the number of entries in the throw-away logs, 0 if start-up does not allow it. */
export async function warmUp(): Promise<number> {
  try {
    return (await grow("signature")) + (await grow("certificate"));
  } catch {
    // Nothing depends on it but the speed of the first request.
    return 0;
  }
}

async function grow(name: string): Promise<number> {
  const setup = readLogSetup(throwAwayEnv(), name);
  if (!setup.ok) return 0;
  const rows = new ThrowAwayRows();
  const stores = {
    objects: r2Objects(throwAwayBucket()),
    index: d1Index(throwAwayDatabase()),
    anchor: throwAwayAnchor(),
  };
  const open = (): Log =>
    new Log({
      ...setup.value,
      ...stores,
      storage: new LogStorage(rows),
      host: throwAwayHost(),
      backupEveryMs: Number.POSITIVE_INFINITY,
      witnessing: null,
    });
  await open().append(signature(1));
  // A log that is there already, as nearly every start finds it.
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

const pkcs8 = (algorithm: Uint8Array, key: Uint8Array): string =>
  encodePem("PRIVATE KEY", sequence(smallInteger(0), algorithm, octetString(key)));

/** Keys whose secret is 1: P-256 and Ed25519, each PKCS#8. */
function throwAwayEnv(): SequencerEnv {
  const one = octetString(new Uint8Array(32).fill(1, 31));
  const p256 = sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"));
  const ecdsa = pkcs8(p256, sequence(smallInteger(1), one));
  const env = {
    PUBLIC_URL: "https://warm-up.invalid",
    SIGNATURE_LOG_KEY: ecdsa,
    SIGNATURE_LOG_ED25519_KEY: pkcs8(sequence(oid("1.3.101.112")), one),
    CERTIFICATE_LOG_KEY: ecdsa,
  };
  // Its bindings are not asked for: the logs get ports of their own.
  return env as unknown as SequencerEnv;
}

function throwAwayBucket(): Parameters<typeof r2Objects>[0] {
  const objects = new Map<string, unknown>();
  const bucket = {
    get: (key: string) =>
      Promise.resolve(objects.has(key) ? { arrayBuffer: () => Promise.resolve(objects.get(key)) } : null),
    put: (key: string, bytes: Uint8Array) => Promise.resolve(objects.set(key, bytes.slice().buffer)),
  };
  // As much of R2 as the log asks for.
  return bucket as unknown as Parameters<typeof r2Objects>[0];
}

function throwAwayDatabase(): D1Database {
  const statement = { bind: () => statement };
  return { prepare: () => statement, batch: () => Promise.resolve([]) } as unknown as D1Database;
}

function throwAwayAnchor(): AnchorPort {
  const rows = new ThrowAwayRows();
  prepareAnchoredHead(rows);
  return {
    read: () => Promise.resolve(readAnchoredHead(rows)),
    advance: (step) => Promise.resolve(advanceAnchoredHead(rows, step)),
  };
}

const throwAwayHost = (): Host => ({
  now: () => EPOCH,
  randomId: () => "",
  abort: () => undefined,
  keepAlive: () => undefined,
  pause: () => Promise.resolve(),
  setAlarm: () => undefined,
  after: () => () => undefined,
  logLine: () => undefined,
});
