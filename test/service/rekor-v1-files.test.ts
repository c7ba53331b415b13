// SPDX-License-Identifier: Apache-2.0
// Entries of the Rekor v1 log that hold the signed file itself: who may write them, how they are found, and how much of
// a file the log takes.

import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectV1Entry, takeEntry, type V1LogEntry } from "../support/logs/rekor-v1.ts";
import {
  makeRekord,
  signWithMinisign,
  signWithSsh,
  stampWithOpenssl,
  toRekord,
  toRfc3161,
} from "../support/logs/rekor-v1-files.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const folder = mkdtempSync(join(tmpdir(), "sigedge-v1-files-"));
const pair = generateKeyPairSync("ed25519");
const unlisted = generateKeyPairSync("ed25519");
const minisign = signWithMinisign(pair, "of minisign", "ED");
const ssh = signWithSsh(folder, "of ssh", ["-t", "ecdsa", "-b", "256"]);
const tsr = stampWithOpenssl(folder, "stamped");
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const signer = { privateKey: ec.privateKey, pem: String(ec.publicKey.export({ format: "pem", type: "spki" })) };

let stack: TestStack;
let open: TestStack;

beforeAll(async () => {
  const lines = [String(ssh.key), String(minisign.key), signer.pem];
  const vars = { ACCEPT: "own-ca+listed-keys", LISTED_KEYS: lines.join("\n") };
  [stack, open] = await Promise.all([startStack({ vars }), startStack({ vars: { ACCEPT: "open" } })]);
});

afterAll(async () => {
  await Promise.all([stack.stop(), open.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const post = (to: TestStack, path: string, body: unknown): Promise<Response> =>
  fetch(`${to.url}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

async function add(to: TestStack, entry: object): Promise<string> {
  const response = await post(to, "/log/entries", entry);
  expect(response.status).toBe(201);
  return takeEntry(await response.json())[0];
}

async function reject(to: TestStack, entry: object): Promise<string> {
  const response = await post(to, "/log/entries", entry);
  expect(response.status).toBe(400);
  const { message }: { message: string } = await response.json();
  return message;
}

const ENTRIES = [
  ["x509", makeRekord(signer, "of x509"), "of x509", signer.pem],
  ["minisign", toRekord(minisign), "of minisign", minisign.key],
  ["ssh", toRekord(ssh), "of ssh", ssh.key],
] as const;

describe.each(ENTRIES)("a file that is signed with %s", (format, entry, file, key) => {
  const digest = createHash("sha256").update(file).digest("hex");

  it("is logged for a listed key, proven, retrieved as proposed, and shown", async () => {
    const logKey = await (await fetch(`${stack.url}/api/v1/log/publicKey`)).text();
    const info: { treeID: string } = await (await fetch(`${stack.url}/api/v1/log`)).json();
    const response = await post(stack, "/log/entries", entry);
    expect(response.status).toBe(201);
    const { logIndex } = expectV1Entry(await response.json(), logKey, info.treeID);
    const found: V1LogEntry[] = await (await post(stack, "/log/entries/retrieve", { entries: [entry] })).json();
    expect(found.map((one) => takeEntry(one)[1].logIndex)).toEqual([logIndex]);
    const page = await fetch(`${stack.url}/entry/rekor-v1/${logIndex}`, { headers: { accept: "text/html" } });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(digest)]);
  });

  it("is found by its digest and by its key", async () => {
    const id = await add(stack, entry);
    const publicKey = { format, content: Buffer.from(key).toString("base64") };
    for (const query of [{ hash: `sha256:${digest}` }, { publicKey }, { publicKey, hash: digest, operator: "and" }]) {
      await expect
        .poll(async () => (await post(stack, "/index/retrieve", query)).json(), { timeout: 20_000, interval: 300 })
        .toContain(id);
    }
  });
});

describe("a key that is not listed", () => {
  it.each([
    ["ssh", () => toRekord(signWithSsh(folder, "x", ["-t", "ed25519"]))],
    ["minisign", () => toRekord(signWithMinisign(unlisted, "x", "Ed"))],
    ["a timestamp", () => toRfc3161(tsr)],
  ] as const)("may not write: %s", async (_, make) =>
    expect(await reject(stack, make())).toContain("it is not listed"),
  );
});

describe("an open log", () => {
  it("takes a timestamp, found by the digest of the response", async () => {
    const id = await add(open, toRfc3161(tsr));
    const hash = createHash("sha256").update(tsr).digest("hex");
    await expect
      .poll(async () => (await post(open, "/index/retrieve", { hash })).json(), { timeout: 20_000, interval: 300 })
      .toEqual([id]);
  });

  it("takes a large file that is signed as it is, and none that must be hashed in the Worker first", async () => {
    const large = "x".repeat(1024 * 1024);
    await add(open, toRekord(signWithMinisign(unlisted, large, "Ed")));
    await add(open, makeRekord(signer, large));
    expect(await reject(open, toRekord(signWithMinisign(unlisted, large, "ED")))).toContain(
      "sign a larger one with -l",
    );
  });

  it("names the format of keys that it does not take", async () => {
    const { spec, ...entry } = makeRekord(signer, "x") as { spec: { signature: object } };
    const pgp = { ...entry, spec: { ...spec, signature: { ...spec.signature, format: "pgp" } } };
    expect(await reject(open, pgp)).toBe("error processing entry: pgp is not a supported PKI format");
  });
});
