// kill -9 of workerd in the middle of a load: what was acknowledged is there, nothing is there twice, and retries find what
// an interrupted request had committed.

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fetchCheckpoint, fetchEntries, leafHashOf, merkleRoot } from "../support/check-log.ts";
import { startStack, type TestStack } from "../support/stack.ts";

const KILLS = 5;
const CLIENTS = 40;
const MIN_IN_FLIGHT = 20;

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ vars: { ACCEPT: "open" } });
});
afterAll(async () => await stack.stop());

interface Acknowledged {
  readonly body: string;
  readonly index: number;
}

/** What the clients have seen, over all kills. */
const acknowledged: Acknowledged[] = [];
const roots = new Map<number, Set<string>>();
let committedButNotAnswered = 0;
let inFlight = 0;

function requestBody(key: KeyObject, spki: Buffer, number: number): string {
  const message = Buffer.from(`artifact ${number}`);
  const digest = createHash("sha256").update(message).digest("base64");
  const signature = { content: sign("sha256", message, key).toString("base64"), verifier: verifierOf(spki) };
  return JSON.stringify({ hashedRekordRequestV002: { digest, signature } });
}

const verifierOf = (spki: Buffer): object => ({
  publicKey: { rawBytes: spki.toString("base64") },
  keyDetails: "PKIX_ECDSA_P256_SHA_256",
});

/** Posts until it is answered, as a client with retries does. */
async function postUntilAnswered(body: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const response = await post(body);
    if (response?.status === 201) {
      const entry = (await response.json()) as Entry;
      if (attempt > 0 && response.headers.has("x-log-index")) committedButNotAnswered++;
      acknowledged.push({ body: entry.canonicalizedBody, index: Number(entry.logIndex) });
      seeRoot(Number(entry.inclusionProof.treeSize), entry.inclusionProof.rootHash);
      return;
    }
    if (response !== null && response.status !== 503) throw new Error(`${response.status} ${await response.text()}`);
    if (attempt > 200) throw new Error("never answered");
    await sleep(50);
  }
}

interface Entry {
  readonly canonicalizedBody: string;
  readonly logIndex: string;
  readonly inclusionProof: { readonly treeSize: string; readonly rootHash: string };
}

async function post(body: string): Promise<Response | null> {
  inFlight++;
  try {
    const response = await fetch(`${stack.url}/api/v2/log/entries`, { method: "POST", body });
    // The whole answer, so that one that breaks off in the middle counts as none.
    return new Response(await response.text(), response);
  } catch {
    return null;
  } finally {
    inFlight--;
  }
}

function seeRoot(size: number, root: string): void {
  roots.set(size, (roots.get(size) ?? new Set()).add(root));
}

async function checkLog(): Promise<void> {
  const { size, root } = await fetchCheckpoint(stack.url);
  seeRoot(size, root);
  const entries = await fetchEntries(stack.url, size);
  expect(merkleRoot(entries.map(leafHashOf)).toString("base64")).toBe(root);
  for (const { body, index } of acknowledged) expect(entries[index]?.toString("base64")).toBe(body);
  expect(new Set(entries.map((entry) => entry.toString("base64"))).size).toBe(entries.length);
  for (const [at, seen] of roots) {
    expect(seen.size).toBe(1);
    if (at <= size) expect(seen.has(merkleRoot(entries.slice(0, at).map(leafHashOf)).toString("base64"))).toBe(true);
  }
}

it("loses, doubles and forks nothing over five kills", { timeout: 120_000 }, async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const spki = publicKey.export({ format: "der", type: "spki" });
  let number = 0;
  let sizeBefore = 0;
  const nextBody = (): string => requestBody(privateKey, spki, number++);
  const warmUp = Array.from({ length: CLIENTS }, nextBody);
  await Promise.all(warmUp.map(postUntilAnswered));

  for (let kill = 0; kill < KILLS; kill++) {
    let isLoading = true;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (isLoading) await postUntilAnswered(nextBody());
    });
    // Anywhere in the load; the number of the kill moves the moment.
    await sleep(600 + 137 * kill);
    while (inFlight < MIN_IN_FLIGHT) await sleep(1);
    expect(inFlight).toBeGreaterThanOrEqual(MIN_IN_FLIGHT);
    process.kill(stack.workerdPid(), "SIGKILL");
    await sleep(500);
    isLoading = false;
    await Promise.all(clients);
    const { size } = await fetchCheckpoint(stack.url);
    expect(size).toBeGreaterThan(sizeBefore);
    sizeBefore = size;
    await checkLog();
  }
  expect(acknowledged.length).toBe(number);
  expect(committedButNotAnswered).toBeGreaterThan(0);
});
