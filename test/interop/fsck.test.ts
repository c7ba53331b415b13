// SPDX-License-Identifier: Apache-2.0
// Runs the fsck commands of Tessera and TesseraCT, as released, over HTTP: on both logs while they grow, after kill -9,
// beyond the first full tile of level 1, and on logs that have been tampered with.

import { createPublicKey, X509Certificate } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInstance, sign } from "../../cli/signing/sigstore-js.ts";
import { fetchCheckpoint, tilePath } from "../support/logs/check-log.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Damage, flipBit, serveDamaged } from "./damaging-proxy.ts";
import { type Tree, tesseractFsck, tesseraFsck, type Verdict } from "./fsck.ts";
import { logVkey } from "./signed-note.ts";

const ENTRIES = 66_048;
const BATCH = 1_024;
/** The sizes of the signature log at which workerd is killed; both logs are in the middle of a batch. */
const KILLS_AT = [8_000, 24_000, 48_000];
/** Takes a minute and a half on an idle machine. */
const FILL_TIMEOUT_MS = 600_000;

let stack: TestStack;
let filled = 0;
/** Batches that a kill interrupted. */
let interrupted = 0;
const seenWhileGrowing: Verdict[] = [];

/** Retries until there is an answer, as clients do: a kill interrupts every request under way. */
async function fill(path: string, onFilled: (entries: number) => void): Promise<void> {
  for (let from = 0; from < ENTRIES; from += BATCH) {
    const count = Math.min(BATCH, ENTRIES - from);
    const url = `${stack.url}/test/${path}?from=${from}&count=${count}&at=${Date.UTC(2027, 0, 1)}`;
    for (let attempt = 0; !(await isAnswered(url)); attempt++) {
      if (attempt === 0) interrupted++;
      if (attempt > 100) throw new Error(`${path}: no answer`);
      await sleep(100);
    }
    onFilled(from + count);
  }
}

const isAnswered = async (url: string): Promise<boolean> =>
  await fetch(url, { method: "POST" }).then(
    ({ ok }) => ok,
    () => false,
  );

const isServing = async (): Promise<boolean> => (await treeOf(stack.url).catch(() => null)) !== null;

/** Sends kill -9 in the middle of both loads, and checks the logs right afterwards while they grow. */
async function killAndCheck(): Promise<void> {
  for (const entries of KILLS_AT) {
    while (filled < entries) await sleep(50);
    // Waits for the middle of a batch.
    await sleep(150);
    process.kill(stack.workerdPid(), "SIGKILL");
    while (!(await isServing())) await sleep(100);
    seenWhileGrowing.push(await checkSignatureLog(), await checkCertificateLog());
  }
}

/** Adds a certificate and an entry by an unmodified client. */
async function signOne(): Promise<void> {
  const identityToken = await stack.token("alice@example.com");
  await sign(await readInstance(stack.url), { identityToken, data: Buffer.from("artifact"), attestationType: null });
}

function checkSignatureLog(url = stack.url): Promise<Verdict> {
  return tesseraFsck({ url, vkey: logVkey("localhost", stack.vars["SIGNATURE_LOG_ED25519_KEY"] ?? "") });
}

function checkCertificateLog(url = stack.url): Promise<Verdict> {
  const spki = createPublicKey(stack.vars["CERTIFICATE_LOG_KEY"] ?? "").export({ format: "der", type: "spki" });
  return tesseractFsck({ url: `${url}/ct`, origin: `localhost:${stack.port}/ct`, spki });
}

async function treeOf(url: string): Promise<Tree> {
  const { size, root } = await fetchCheckpoint(url);
  return { size, root };
}

/** Changes a letter of an entry in the middle of a bundle, not a byte of its length. */
function flipLetter(bundle: Buffer): Buffer {
  const at = bundle.indexOf(" of a test", bundle.length >> 1) + 1;
  return Buffer.concat([bundle.subarray(0, at), Buffer.from("O"), bundle.subarray(at + 1)]);
}

function flipRoot(checkpoint: Buffer): Buffer {
  const [origin, size, root = "", ...rest] = String(checkpoint).split("\n");
  return Buffer.from([origin, size, `${root.startsWith("A") ? "B" : "A"}${root.slice(1)}`, ...rest].join("\n"));
}

/** Changes the last line, which the commands verify. */
function flipSignature(checkpoint: Buffer): Buffer {
  const lines = String(checkpoint).split("\n");
  const [dash, name, signature = ""] = lines.at(-2)?.split(" ") ?? [];
  lines.splice(-2, 1, `${dash} ${name} ${flipBit(Buffer.from(signature, "base64")).toString("base64")}`);
  return Buffer.from(lines.join("\n"));
}

/** The path of the issuing CA's certificate. */
function issuerPath(): string {
  const [issuing = ""] = (stack.vars["CA_CHAIN"] ?? "").split(/(?<=-----END CERTIFICATE-----)/);
  return `/ct/issuer/${new X509Certificate(issuing).fingerprint256.replaceAll(":", "").toLowerCase()}`;
}

beforeAll(async () => {
  stack = await startStack({ entry: "test/support/logs/filler-worker.ts" });
  await signOne();
  const signatures = fill("fill", (entries) => (filled = entries));
  await Promise.all([signatures, fill("fill-certificates", () => undefined), killAndCheck()]);
  await signOne();
}, FILL_TIMEOUT_MS);

afterAll(async () => await stack.stop());

it("accept both logs after each kill, while they grow", () => {
  expect(interrupted).toBeGreaterThanOrEqual(2 * KILLS_AT.length);
  expect(seenWhileGrowing.length).toBe(2 * KILLS_AT.length);
  for (const { sound, report } of seenWhileGrowing) expect(sound?.size, report).toBeGreaterThan(0);
});

describe("Tessera's fsck of the signature log", () => {
  it("accepts it: every entry once, including the genesis entry and two by a client", async () => {
    const { sound, report } = await checkSignatureLog();
    expect(sound, report).toEqual(await treeOf(stack.url));
    expect(sound?.size).toBe(1 + 2 + ENTRIES);
  });

  it.each([
    [
      "with a bit of a hash tile changed",
      { path: `/${tilePath(0, 100)}`, change: flipBit },
      /fsck failed: .*tile\/0\/100: log has/s,
    ],
    [
      "with a bit of the tile above changed",
      { path: `/${tilePath(1, 0)}`, change: flipBit },
      /fsck failed: .*tile\/1\/000: log has/s,
    ],
    ["with a letter of an entry changed", { path: `/${tilePath("entries", 200)}`, change: flipLetter }, /fsck failed/],
    [
      "with a letter of its checkpoint's root changed",
      { path: "/checkpoint", change: flipRoot },
      /fsck failed: .*checkpoint/,
    ],
    [
      "with a bit of its checkpoint's signature changed",
      { path: "/checkpoint", change: flipSignature },
      /fsck failed: .*checkpoint/,
    ],
  ] satisfies readonly [string, Damage, RegExp][])("rejects it %s", async (_, damage, reason) => {
    const damaged = await serveDamaged(stack.url, damage);
    const { sound, report } = await checkSignatureLog(damaged.url);
    await damaged.stop();
    expect(damaged.served()).toBeGreaterThan(0);
    expect(sound, report).toBeNull();
    expect(report).toMatch(reason);
  });
});

describe("TesseraCT's fsck of the certificate log", () => {
  it("accepts it: every certificate, including two by a client, and all issuers", async () => {
    const { sound, report } = await checkCertificateLog();
    expect(sound, report).toEqual(await treeOf(`${stack.url}/ct`));
    expect(sound?.size).toBeGreaterThanOrEqual(2 + ENTRIES);
  });

  it.each([
    ["with a bit of a hash tile changed", () => ({ path: `/ct/${tilePath(0, 100)}`, change: flipBit })],
    ["with a bit of a certificate changed", () => ({ path: `/ct/${tilePath("data", 200)}`, change: flipBit })],
    ["with a bit of its checkpoint's signature changed", () => ({ path: "/ct/checkpoint", change: flipSignature })],
    ["without its issuer", () => ({ path: issuerPath(), change: () => null })],
  ] satisfies readonly [string, () => Damage][])("rejects it %s", async (_, damage) => {
    const damaged = await serveDamaged(stack.url, damage());
    const { sound, report } = await checkCertificateLog(damaged.url);
    await damaged.stop();
    expect(damaged.served()).toBeGreaterThan(0);
    expect(sound, report).toBeNull();
  });
});
