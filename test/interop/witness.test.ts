// SPDX-License-Identifier: Apache-2.0
// The signature log with litewitness, which keeps its own state and checks every consistency proof: across restarts of
// either, over several tiles, with and without a quorum that answers wait for.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signingKey } from "../support/authority/signing-keys.ts";
import { addEntry, expectProven, makeHashedRequest, postEntry, readLogKey } from "../support/logs/entries.ts";
import type { LogEntryJson } from "../support/logs/log-entry.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Tree, tesseraFsck } from "./fsck.ts";
import { type Litewitness, startLitewitness } from "./litewitness.ts";
import { logVkey, readNote, verifyNote } from "./signed-note.ts";

const ORIGIN = "localhost";
const CLIENTS = 40;
/** A witness is called as soon as a head is anchored; one that was unreachable at the next alarm, every 30 s. */
const COSIGNED_WITHIN_MS = 45_000;

interface Witnessed {
  readonly stack: TestStack;
  readonly witness: Litewitness;
  /** The verifier key of the log's Ed25519 line. */
  readonly vkey: string;
}

async function startWitnessed(vars: Readonly<Record<string, string>>): Promise<Witnessed> {
  const witness = await startLitewitness();
  const policy = `witness w1 ${witness.vkey} ${witness.url}\nquorum w1\n`;
  const entry = "test/support/logs/filler-worker.ts";
  const stack = await startStack({ entry, vars: { ACCEPT: "open", WITNESS_POLICY: policy, ...vars } });
  return { stack, witness, vkey: logVkey(ORIGIN, stack.vars["SIGNATURE_LOG_ED25519_KEY"] ?? "") };
}

async function readCheckpoint(url: string): Promise<string> {
  const response = await fetch(`${url}/checkpoint`);
  expect(response.status).toBe(200);
  return await response.text();
}

const isServing = async (url: string): Promise<boolean> =>
  await fetch(`${url}/checkpoint`).then(
    ({ ok }) => ok,
    () => false,
  );

const treeIn = (checkpoint: string): Tree => {
  const [, size = "", root = ""] = checkpoint.split("\n");
  return { size: Number(size), root };
};

/** Waits for a checkpoint of `size` entries with the witness's line; checks the log's line of every one before it. */
async function cosignedCheckpoint({ stack, witness, vkey }: Witnessed, size: number): Promise<string> {
  for (const end = Date.now() + COSIGNED_WITHIN_MS; Date.now() < end; await sleep(100)) {
    const checkpoint = await readCheckpoint(stack.url);
    expect(verifyNote(checkpoint, vkey)).toBe(true);
    if (treeIn(checkpoint).size === size && verifyNote(checkpoint, witness.vkey) !== false) return checkpoint;
  }
  throw new Error(`no cosigned checkpoint of ${size} entries`);
}

async function fill({ stack }: Witnessed, from: number, count: number): Promise<void> {
  const response = await fetch(`${stack.url}/test/fill?from=${from}&count=${count}`, { method: "POST" });
  expect(response.status).toBe(200);
}

/** How many entries were posted, beside those that were filled in. */
const POSTED = { count: 0 };

describe("a log that does not wait for its witness", () => {
  let log: Witnessed;
  beforeAll(async () => {
    log = await startWitnessed({});
  });
  afterAll(async () => {
    await log.stack.stop();
    await log.witness.stop();
  });

  it("accepts entries while the witness does not know the log", async () => {
    await fill(log, 0, 3);
    const checkpoint = await readCheckpoint(log.stack.url);
    expect(verifyNote(checkpoint, log.vkey)).toBe(true);
    expect(readNote(checkpoint).lines.map(({ name }) => name)).toEqual([ORIGIN, ORIGIN]);
  });

  it("shows the witness's line after its own two, once cosigned", async () => {
    log.witness.addLog(ORIGIN, log.vkey);
    await fill(log, 3, 7);
    const checkpoint = await cosignedCheckpoint(log, 11);
    expect(readNote(checkpoint).lines.map(({ name }) => name)).toEqual([ORIGIN, ORIGIN, "witness.example/w1"]);
    const seconds = verifyNote(checkpoint, log.witness.vkey);
    expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(60);
    expect(log.witness.treeOf(ORIGIN)).toEqual(treeIn(checkpoint));
  });

  it("shows cosigned checkpoints while clients post entries", async () => {
    const key = signingKey("ecdsa-p256");
    let posted = 0;
    for (const end = Date.now() + 3_000; Date.now() < end; await sleep(100)) {
      // Through the log service, whose isolate learns the head of each append.
      await addEntry(log.stack, makeHashedRequest(key, Buffer.from(`posted ${posted++}`)));
      expect(verifyNote(await readCheckpoint(log.stack.url), log.witness.vkey)).not.toBe(false);
    }
    await cosignedCheckpoint(log, 11 + posted);
    POSTED.count = posted;
  });

  it("is cosigned again after a restart, for the witness's tree and for a larger one", async () => {
    await log.stack.restart();
    await cosignedCheckpoint(log, 11 + POSTED.count);
    await log.stack.restart();
    await fill(log, 10, 1);
    const checkpoint = await cosignedCheckpoint(log, 12 + POSTED.count);
    expect(log.witness.treeOf(ORIGIN)).toEqual(treeIn(checkpoint));
  });

  it("proves its growth over several tiles to a witness that was unreachable", async () => {
    await log.witness.kill();
    await fill(log, 11, 1_500);
    expect(log.witness.treeOf(ORIGIN).size).toBe(12 + POSTED.count);
    await log.witness.start();
    await fill(log, 1_511, 1);
    const checkpoint = await cosignedCheckpoint(log, 1_513 + POSTED.count);
    expect(log.witness.treeOf(ORIGIN)).toEqual(treeIn(checkpoint));
  });

  it("proves its growth after a crash of the log", async () => {
    await log.witness.kill();
    await fill(log, 1_512, 700);
    process.kill(log.stack.workerdPid(), "SIGKILL");
    await log.witness.start();
    while (!(await isServing(log.stack.url))) await sleep(100);
    await fill(log, 2_212, 1);
    const checkpoint = await cosignedCheckpoint(log, 2_214 + POSTED.count);
    expect(log.witness.treeOf(ORIGIN)).toEqual(treeIn(checkpoint));
  });

  it("is accepted by Tessera's fsck with the witness's line", async () => {
    const { sound, report } = await tesseraFsck({ url: log.stack.url, vkey: log.vkey });
    expect(sound, report).toEqual(log.witness.treeOf(ORIGIN));
  });

  it("is cosigned when its witness is back, without new entries", async () => {
    await log.witness.kill();
    await fill(log, 2_213, 1);
    await log.witness.start();
    await cosignedCheckpoint(log, 2_215 + POSTED.count);
  });
});

describe("a log whose answers wait for the witness", () => {
  let log: Witnessed;
  const key = signingKey("ecdsa-p256");
  beforeAll(async () => {
    log = await startWitnessed({ WITNESS_MODE: "require-quorum" });
    log.witness.addLog(ORIGIN, log.vkey);
  });
  afterAll(async () => {
    await log.stack.stop();
    await log.witness.stop();
  });

  /** Expects the entry's proof to lead to a tree that both the log and the witness signed. */
  function expectCosigned(entry: LogEntryJson, spki: Uint8Array): void {
    expectProven(entry, spki);
    const checkpoint = entry.inclusionProof.checkpoint.envelope;
    expect(verifyNote(checkpoint, log.vkey)).toBe(true);
    expect(verifyNote(checkpoint, log.witness.vkey)).not.toBe(false);
  }

  it("answers each of many clients with a cosigned checkpoint", async () => {
    const spki = await readLogKey(log.stack);
    const requests = Array.from({ length: CLIENTS }, (_, i) => makeHashedRequest(key, Buffer.from(`artifact ${i}`)));
    const entries = await Promise.all(requests.map((request) => addEntry(log.stack, request)));
    for (const entry of entries) expectCosigned(entry, spki);
    expect(new Set(entries.map(({ logIndex }) => logIndex)).size).toBe(CLIENTS);
  });

  it("answers 503 while the witness is unreachable; the same entry is cosigned when it is back", async () => {
    const request = makeHashedRequest(key, Buffer.from("one more"));
    await log.witness.kill();
    const refused = await postEntry(log.stack, request);
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true]);
    await log.witness.start();
    const entry = await addEntry(log.stack, request);
    expect(entry.logIndex).toBe(String(1 + CLIENTS));
    expectCosigned(entry, await readLogKey(log.stack));
  });
});
