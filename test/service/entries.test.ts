// SPDX-License-Identifier: Apache-2.0
// POST /api/v2/log/entries over HTTP: the entries that the signature log accepts, those it rejects with their messages,
// and that a duplicate never gets a second index.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leafNamed, signWithLeafKey } from "../support/authority/signing-chain.ts";
import { createSigningKey, KEY_KINDS, signingKey } from "../support/authority/signing-keys.ts";
import {
  addEntry,
  bareVerifier,
  base64,
  dsseRequest,
  expectProven,
  type HashedRequest,
  makeHashedRequest,
  postEntry,
  preAuthEncoding,
  readLogKey,
  readTreeSize,
  requestOwnCertificate,
} from "../support/logs/entries.ts";
import type { LogEntryJson } from "../support/logs/log-entry.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const P256 = "PKIX_ECDSA_P256_SHA_256";
const message = new TextEncoder().encode("an artifact");
const listed = signingKey("ecdsa-p256");
const decode = (body: string): string => Buffer.from(body, "base64").toString();

let open: TestStack;
let restricted: TestStack;

beforeAll(async () => {
  const LISTED_KEYS = String(listed.publicObject.export({ format: "pem", type: "spki" }));
  [open, restricted] = await Promise.all([
    startStack({ vars: { ACCEPT: "open" } }),
    startStack({ vars: { ACCEPT: "", LISTED_KEYS } }),
  ]);
});

afterAll(async () => {
  await Promise.all([open.stop(), restricted.stop()]);
});

describe("an open log", () => {
  it.each(KEY_KINDS)("accepts an entry by %s and proves it", async (kind) => {
    const key = signingKey(kind);
    const request = makeHashedRequest(key, message);
    const entry = await addEntry(open, request);
    expectProven(entry, await readLogKey(open));
    const { digest, signature } = request.hashedRekordRequestV002;
    const algorithm = { "SHA-256": "SHA2_256", "SHA-384": "SHA2_384", "SHA-512": "SHA2_512" }[key.hash];
    expect(decode(entry.canonicalizedBody)).toBe(
      `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"${algorithm}","digest":"${digest}"},` +
        `"signature":{"content":"${signature.content}","verifier":{"keyDetails":"${key.keyDetails}","publicKey":{"rawBytes":"${base64(key.spki)}"}}}}}}`,
    );
  });

  it("answers with every member that clients read", async () => {
    const key = signingKey("ecdsa-p256");
    const response = await postEntry(open, makeHashedRequest(key, message));
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.has("x-log-index")).toBe(false);
    const spki = await readLogKey(open);
    expect(await response.json()).toEqual({
      logIndex: expect.stringMatching(/^\d+$/),
      logId: { keyId: createHash("sha256").update(spki).digest("base64") },
      kindVersion: { kind: "hashedrekord", version: "0.0.2" },
      integratedTime: "0",
      inclusionPromise: null,
      inclusionProof: {
        logIndex: expect.stringMatching(/^\d+$/),
        rootHash: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
        treeSize: expect.stringMatching(/^\d+$/),
        hashes: expect.any(Array),
        checkpoint: { envelope: expect.stringMatching(/^localhost\n\d+\n.{44}\n\n— localhost .+\n— localhost .+\n$/) },
      },
      canonicalizedBody: expect.any(String),
    });
  });

  it("logs the reference's bodies: vectors A, B, and C's envelope as B", async () => {
    const path = new URL("../vectors/rekor-tiles/rekor-v2-vectors.json", import.meta.url).pathname;
    const { A, B, C } = JSON.parse(readFileSync(path, "utf8")) as Record<
      "A" | "B" | "C",
      { request: object; body: string }
    >;
    expect(decode((await addEntry(open, A.request)).canonicalizedBody)).toBe(A.body);
    const logged = await addEntry(open, B.request);
    expect(decode(logged.canonicalizedBody)).toBe(B.body);
    const again = await postEntry(open, C.request);
    expect(again.status).toBe(201);
    expect(again.headers.get("x-log-index")).toBe(logged.logIndex);
    expect(await again.json()).toMatchObject({ canonicalizedBody: logged.canonicalizedBody });
  });

  it("accepts an attestation as a hashedrekord over its PAE", async () => {
    const key = createSigningKey("ecdsa-p256");
    const subject = [{ name: "a", digest: { sha256: "cd".repeat(32) } }];
    const payload = new TextEncoder().encode(
      JSON.stringify({ _type: "https://in-toto.io/Statement/v1", subject, predicateType: "p" }),
    );
    const entry = await addEntry(open, dsseRequest(key, "application/vnd.in-toto+json", payload));
    expectProven(entry, await readLogKey(open));
    const pae = preAuthEncoding("application/vnd.in-toto+json", payload);
    expect(decode(entry.canonicalizedBody)).toContain(
      `"data":{"algorithm":"SHA2_256","digest":"${createHash("sha256").update(pae).digest("base64")}"}`,
    );
  });

  it("accepts a certificate of any CA", async () => {
    const verifier = { x509Certificate: { rawBytes: base64(leafNamed("byStranger").der) }, keyDetails: P256 };
    const digest = createHash("sha256").update(message).digest("base64");
    const signature = { content: base64(signWithLeafKey(message)), verifier };
    expectProven(await addEntry(open, { hashedRekordRequestV002: { digest, signature } }), await readLogKey(open));
  });
});

describe("a duplicate entry", () => {
  it("gets the existing index, in sequence and in parallel", async () => {
    const request = makeHashedRequest(signingKey("ecdsa-p256"), message);
    const responses = await Promise.all(Array.from({ length: 20 }, () => postEntry(open, request)));
    const entries = (await Promise.all(responses.map((response) => response.json()))) as LogEntryJson[];
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(entries.map(({ logIndex }) => logIndex)).size).toBe(1);
    const spki = await readLogKey(open);
    for (const entry of entries) expectProven(entry, spki);
  });

  it("gets the existing index after more than 256 entries and a restart, proven in the current tree", async () => {
    const key = createSigningKey("ecdsa-p256");
    const request = makeHashedRequest(key, message);
    const first = await addEntry(open, request);
    for (let batch = 0; batch < 5; batch++) {
      const others = Array.from({ length: 60 }, (_, i) => makeHashedRequest(key, Uint8Array.of(batch, i)));
      await Promise.all(others.map((other) => addEntry(open, other)));
    }
    for (const step of ["at once", "restarted"]) {
      if (step === "restarted") await open.restart();
      const sizeBefore = await readTreeSize(open);
      const response = await postEntry(open, request);
      expect(response.status).toBe(201);
      expect(response.headers.get("x-log-index")).toBe(first.logIndex);
      const again = (await response.json()) as LogEntryJson;
      expect([again.logIndex, again.canonicalizedBody]).toEqual([first.logIndex, first.canonicalizedBody]);
      expect(Number(again.inclusionProof.treeSize)).toBeGreaterThanOrEqual(Number(first.inclusionProof.treeSize) + 300);
      expectProven(again, await readLogKey(open));
      expect(await readTreeSize(open)).toBe(sizeBefore);
    }
  });
});

describe("the default write policy", () => {
  const NAMED = 'invalid hashedrekord request: write policy "own-ca+listed-keys"';

  it("accepts a certificate of our CA", async () => {
    const key = createSigningKey("ecdsa-p256");
    const certificate = await requestOwnCertificate(restricted, "alice@example.com", key);
    const verifier = { x509Certificate: { rawBytes: base64(certificate) }, keyDetails: P256 };
    const entry = await addEntry(restricted, makeHashedRequest(key, message, verifier));
    expectProven(entry, await readLogKey(restricted));
    expect(decode(entry.canonicalizedBody)).toContain(`"x509Certificate":{"rawBytes":"${base64(certificate)}"}`);
  });

  it("accepts a listed key", async () => {
    expectProven(await addEntry(restricted, makeHashedRequest(listed, message)), await readLogKey(restricted));
  });

  it.each(["byStranger", "byNamesake", "email"])("rejects the certificate %s of another CA", async (name) => {
    const verifier = { x509Certificate: { rawBytes: base64(leafNamed(name).der) }, keyDetails: P256 };
    const digest = createHash("sha256").update(message).digest("base64");
    const signature = { content: base64(signWithLeafKey(message)), verifier };
    await expectRefused(
      restricted,
      { hashedRekordRequestV002: { digest, signature } },
      `${NAMED} accepts only certificates of this log's own CA, which did not issue this one`,
    );
  });

  it("rejects an unlisted key", async () => {
    const key = createSigningKey("ecdsa-p256");
    const fingerprint = createHash("sha256").update(key.spki).digest("hex");
    await expectRefused(
      restricted,
      makeHashedRequest(key, message),
      `${NAMED} rejects the public key with SHA-256 ${fingerprint}: it is not listed`,
    );
  });
});

/** Expects 400 with this message, and no entry between one accepted before and one accepted afterwards. */
async function expectRefused(stack: TestStack, body: object | string, text: string): Promise<void> {
  const before = await addEntry(stack, makeHashedRequest(listed, message));
  const response = await postEntry(stack, body);
  expect(response.status).toBe(400);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  expect(await response.json()).toEqual({ code: 3, message: text, details: [] });
  expect(await readTreeSize(stack)).toBe(Number(before.inclusionProof.treeSize));
  const after = await addEntry(stack, makeHashedRequest(listed, message));
  expect(Number(after.logIndex)).toBe(Number(before.logIndex) + 1);
}

describe("a rejected entry", () => {
  const INVALID = "invalid hashedrekord request: ";
  const key = signingKey("ecdsa-p256");
  const request = (fields: object = {}, signature: object = {}): HashedRequest => {
    const { hashedRekordRequestV002: good } = makeHashedRequest(key, message);
    return { hashedRekordRequestV002: { ...good, ...fields, signature: { ...good.signature, ...signature } } };
  };

  it.each<[string, () => object | string, string]>([
    ["an empty body", () => "", "invalid type, must be hashedrekord: send hashedRekordRequestV002 or dsseRequestV002"],
    ["no kind", () => ({}), "invalid type, must be hashedrekord: send hashedRekordRequestV002 or dsseRequestV002"],
    [
      "truncated JSON",
      () => '{"hashedRekord',
      "proto: syntax error: the request body is not well-formed JSON in UTF-8",
    ],
    ["an unknown field", () => ({ ...request(), foo: 1 }), 'proto: unknown field "foo"'],
    [
      "an unknown field below",
      () => request({}, { foo: 1 }),
      'proto: unknown field "foo" in hashedRekordRequestV002.signature',
    ],
    [
      "a digest of the wrong length",
      () => request({ digest: base64(new Uint8Array(20)) }),
      `${INVALID}digest length (20) does not match expected size (32) for algorithm SHA-256`,
    ],
    [
      "another digest",
      () => request({ digest: base64(new Uint8Array(32)) }),
      `${INVALID}verifying signature: it does not verify over this digest with the verifier's key (ECDSA in ASN.1 DER, RSA in PKCS#1 v1.5, Ed25519ph)`,
    ],
    [
      "another key's signature",
      () => request({}, { verifier: bareVerifier(createSigningKey("ecdsa-p256")) }),
      `${INVALID}verifying signature: it does not verify over this digest with the verifier's key (ECDSA in ASN.1 DER, RSA in PKCS#1 v1.5, Ed25519ph)`,
    ],
    [
      "key and keyDetails that differ",
      () => request({}, { verifier: { ...bareVerifier(signingKey("rsa-2048")), keyDetails: P256 } }),
      `${INVALID}keyDetails is PKIX_ECDSA_P256_SHA_256, but must be PKIX_RSA_PKCS1V15_2048_SHA256 for this key`,
    ],
    [
      "an RSA key declared larger",
      () =>
        request(
          {},
          { verifier: { ...bareVerifier(signingKey("rsa-2048")), keyDetails: "PKIX_RSA_PKCS1V15_4096_SHA256" } },
        ),
      `${INVALID}keyDetails is PKIX_RSA_PKCS1V15_4096_SHA256, but must be PKIX_RSA_PKCS1V15_2048_SHA256 for this key`,
    ],
    [
      "a body beyond 4 MiB",
      () => `{"hashedRekordRequestV002":"${"x".repeat(4 * 1024 * 1024)}"}`,
      "http: request body too large",
    ],
    [
      "an entry beyond 32 KiB",
      () =>
        request(
          {},
          {
            content: base64(signWithLeafKey(message)),
            verifier: { x509Certificate: { rawBytes: base64(leafNamed("large").der) }, keyDetails: P256 },
          },
        ),
      `${INVALID}the entry is too large: its canonical body must be at most 32768 bytes`,
    ],
  ])("%s: yields 400 and leaves the tree unchanged", async (_, body, text) => {
    await expectRefused(open, body(), text);
  });

  it.each(["GET", "PUT", "DELETE"])("by %s: yields 501, as the reference does", async (method) => {
    const response = await fetch(`${open.url}/api/v2/log/entries`, { method });
    expect(response.status).toBe(501);
    expect(await response.json()).toEqual({ code: 12, message: "Method Not Allowed", details: [] });
  });
});
