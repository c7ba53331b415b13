// SPDX-License-Identifier: Apache-2.0
// Attestations whose statement the log never sees, found by what they attest once somebody sends the envelope.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { artifactRequest, attestationRequest, clientKey, postEntry, sha256Hex } from "../support/logs/log-client.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const TYPE = "application/vnd.in-toto+json";
const TYPE_OF_STATEMENT = "https://slsa.dev/provenance/v1";
const SUBJECT = sha256Hex("an artifact");
const key = clientKey();

interface Envelope {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly object[];
}

const statementOf = (...subjects: readonly string[]): string =>
  JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: subjects.map((sha256) => ({ name: "x", digest: { sha256 } })),
    predicateType: TYPE_OF_STATEMENT,
    predicate: {},
  });
const envelopeOf = (payload: string, payloadType = TYPE): Envelope => ({
  payload: Buffer.from(payload).toString("base64"),
  payloadType,
  signatures: [],
});
const paeOf = (payload: string): string => `DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} ${payload}`;

let stack: TestStack;
let index: number;
beforeAll(async () => {
  stack = await startStack({ vars: { ACCEPT: "open" } });
  // As cosign and sigstore-python upload an attestation: a hashedrekord over the PAE.
  index = Number((await postEntry(stack.url, artifactRequest(key, paeOf(statementOf(SUBJECT))))).logIndex);
  await untilFound(sha256Hex(paeOf(statementOf(SUBJECT))));
});
afterAll(() => stack.stop());

async function found(digest: string): Promise<readonly number[]> {
  const page = (await (await fetch(`${stack.url}/api/search?digest=${digest}`)).json()) as {
    readonly hits: readonly { readonly index: number }[];
  };
  return page.hits.map((hit) => hit.index);
}

/** The index is written after the answer of the log. */
async function untilFound(digest: string): Promise<void> {
  for (let tries = 0; tries < 100 && (await found(digest)).length === 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await found(digest)).toHaveLength(1);
}

async function send(body: unknown): Promise<readonly [number, Readonly<Record<string, unknown>>]> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${stack.url}/api/search/attestations`, { method: "POST", body: text });
  return [response.status, await response.json()];
}

const readPage = async (): Promise<string> =>
  await (await fetch(`${stack.url}/entry/signature/${index}`, { headers: { accept: "text/html" } })).text();

interface Hit {
  readonly index: number;
  readonly kind: string;
  readonly predicateType: string | null;
}

async function readHits(query: string): Promise<readonly Hit[]> {
  const page = (await (await fetch(`${stack.url}/api/search?${query}`)).json()) as { readonly hits: readonly Hit[] };
  return page.hits;
}

const readHit = async (query: string): Promise<Hit | undefined> =>
  (await readHits(query)).find((hit) => hit.index === index);

test("is a file or an attestation on its page, before somebody sent its envelope", async () => {
  const text = await readPage();
  expect(text).toContain("signed a file or an attestation on");
  for (const verb of ["verify-blob ", "verify-blob-attestation ", "verify ", "verify-attestation "])
    expect(text).toContain(`cosign ${verb}`);
  expect(await readHit("kind=attestation")).toBeUndefined();
});

test("is found by its subject once its envelope was sent, alone or in a bundle, any number of times", async () => {
  expect(await found(SUBJECT)).toEqual([]);
  const envelope = envelopeOf(statementOf(SUBJECT));
  const answer = { entries: [{ log: "signature", index }], digests: [`sha256:${SUBJECT}`] };
  expect(await send(envelope)).toEqual([200, answer]);
  expect(await send({ mediaType: "x", dsseEnvelope: envelope })).toEqual([200, answer]);
  expect(await found(SUBJECT)).toEqual([index]);
});

test("is an attestation of its type then, in the search and on its page", async () => {
  const hit = { kind: "attestation", predicateType: TYPE_OF_STATEMENT };
  expect(await readHit(`digest=${SUBJECT}`)).toMatchObject(hit);
  expect(await readHit("kind=attestation")).toMatchObject(hit);
  expect(await readHit("kind=signature")).toBeUndefined();
  // Its neighbors stay what they are.
  await postEntry(stack.url, artifactRequest(key, "a file after it"));
  await untilFound(sha256Hex("a file after it"));
  const others = await readHits("log=signature&kind=signature");
  expect(others.map((one) => one.index)).toEqual([index + 1, 0]);
  const text = await readPage();
  expect(text).toContain("signed an attestation on");
  expect(text).toContain(`--type ${TYPE_OF_STATEMENT}`);
  expect(text).not.toMatch(/cosign verify-blob |Download bundle/);
});

test("is indexed by the command, which names the entry", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-attestation-"));
  try {
    const file = join(folder, "bundle.json");
    writeFileSync(file, JSON.stringify({ dsseEnvelope: envelopeOf(statementOf(SUBJECT)) }));
    const args = ["index-attestation", file, "--url", stack.url];
    const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args }).ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`entry ${index} of the log signature is found by sha256:${SUBJECT}`);
    writeFileSync(file, JSON.stringify(envelopeOf(statementOf(sha256Hex("other")))));
    const refused = await runCommand("cli/sigedge.mjs", { args }).ended;
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("no entry of this deployment")]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("adds nothing to an entry whose signature does not cover it", async () => {
  const stranger = statementOf(sha256Hex("claimed by a stranger"));
  expect(await send(envelopeOf(stranger))).toEqual([404, expect.objectContaining({ code: 5 })]);
  // Found by the digest of the stranger's PAE, but as its subject: the signature is over something else.
  await postEntry(stack.url, attestationRequest(key, [sha256Hex(paeOf(stranger))]));
  await untilFound(sha256Hex(paeOf(stranger)));
  expect((await send(envelopeOf(stranger)))[0]).toBe(404);
  expect(await found(sha256Hex("claimed by a stranger"))).toEqual([]);
});

test.each<[string, unknown, string]>([
  ["no JSON", "{", "well-formed JSON"],
  ["no envelope", {}, "must be a DSSE envelope"],
  ["a payload that is not base64", { payload: "ä", payloadType: TYPE }, "must be a DSSE envelope"],
  ["a bundle of a plain signature", { messageSignature: {} }, "must be a DSSE envelope"],
  ["another type of payload", envelopeOf("{}", "text/plain"), "in-toto statement"],
  ["a statement without subjects", envelopeOf(statementOf()), "in-toto statement"],
])("rejects %s", async (_, body, message) => {
  expect(await send(body)).toEqual([400, { code: 3, message: expect.stringContaining(message), details: [] }]);
});
