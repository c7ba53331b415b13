// SPDX-License-Identifier: Apache-2.0
// The search over HTTP: by digest, identity, issuer, key and subject, in pages, over both logs.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import {
  artifactRequest,
  attestationRequest,
  clientKey,
  postArtifacts,
  postEntry,
  sha256Hex,
} from "../support/logs/log-client.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const EMAIL = "Alice@example.com";
const SUBJECTS = [sha256Hex("subject one"), sha256Hex("subject two")];
const many = clientKey();
const signer = clientKey();

let stack: TestStack;
let indexes: { readonly signed: number; readonly attested: number };

beforeAll(async () => {
  stack = await startStack({ vars: { ACCEPT: "open" } });
  await postArtifacts(
    stack.url,
    many,
    Array.from({ length: 25 }, (_, i) => `many ${i}`),
  );
  const certificate = await requestCertificateFor(stack, { key: signer, email: EMAIL });
  const signed = await postEntry(stack.url, artifactRequest(signer, "signed by Alice", certificate));
  const attested = await postEntry(stack.url, attestationRequest(many, SUBJECTS));
  indexes = { signed: Number(signed.logIndex), attested: Number(attested.logIndex) };
  await waitForIndex(28, 1);
});
afterAll(() => stack.stop());

interface HitJson {
  readonly index: number;
  readonly log: string;
  readonly time: string;
  readonly identity: string | null;
  readonly issuer: string | null;
  readonly digest: string | null;
}

interface PageJson {
  readonly hits: readonly HitJson[];
  readonly completeThrough: number;
  readonly completeThroughByLog: Readonly<Record<string, number>>;
  readonly nextCursor: string | null;
}

const get = (parameters: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(`${stack.url}/api/search?${new URLSearchParams(parameters).toString()}`);

async function search(parameters: Readonly<Record<string, string>>): Promise<PageJson> {
  const response = await get(parameters);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as PageJson;
}

/** Waits until the index, which is updated after the responses, covers this many entries. */
async function waitForIndex(signature: number, certificate: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { completeThroughByLog: size } = await search({ email: "nobody@example.com" });
    if ((size["signature"] ?? 0) >= signature && (size["certificate"] ?? 0) >= certificate) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the index does not follow the logs");
}

const NO_BUILD = {
  repository: null,
  repositoryId: null,
  owner: null,
  ownerId: null,
  workflow: null,
  ref: null,
  runner: null,
  visibility: null,
};

const named = (hits: readonly HitJson[]): readonly string[] => hits.map(({ log, index }) => `${log} ${index}`);

describe("a search", () => {
  test("by the digest of an artifact finds its entry, ignoring case", async () => {
    const digest = `sha256:${sha256Hex("signed by Alice")}`;
    const hex = digest.slice("sha256:".length);
    const integrity = `sha256-${Buffer.from(hex, "hex").toString("base64")}`;
    for (const spelling of [digest, digest.toUpperCase(), hex, `sha256-${hex}`, integrity]) {
      const page = await search({ digest: spelling });
      expect(page.hits).toStrictEqual([
        {
          index: indexes.signed,
          log: "signature",
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          kind: "signature",
          identity: EMAIL,
          issuer: `${stack.url}/oidc`,
          digest,
          predicateType: null,
          ...NO_BUILD,
        },
      ]);
      expect(page.completeThrough).toBe(page.completeThroughByLog["signature"]);
      expect(page.completeThrough).toBeGreaterThanOrEqual(28);
      expect(page.nextCursor).toBeNull();
    }
  });

  test("by e-mail finds the signature and the certificate behind it, newest first, ignoring case", async () => {
    for (const email of [EMAIL, "alice@EXAMPLE.com"]) {
      const { hits } = await search({ email });
      expect(named(hits)).toStrictEqual([`signature ${indexes.signed}`, "certificate 0"]);
      expect(hits[1]).toMatchObject({ identity: EMAIL, issuer: `${stack.url}/oidc`, digest: null });
    }
    expect(named((await search({ email: EMAIL, log: "certificate" })).hits)).toStrictEqual(["certificate 0"]);
    expect((await search({ email: "alice@example.co" })).hits).toStrictEqual([]);
  });

  test("by identity finds any name, alone and with its issuer, and says how to write what it cannot find", async () => {
    const found = [`signature ${indexes.signed}`, "certificate 0"];
    const issuer = `${stack.url}/oidc`;
    expect(named((await search({ identity: EMAIL })).hits)).toStrictEqual(found);
    expect(named((await search({ identity: EMAIL, issuer })).hits)).toStrictEqual(found);
    expect(named((await search({ issuer })).hits)).toStrictEqual(found);
    expect(await search({ identity: EMAIL, issuer: "https://elsewhere.example" })).toMatchObject({
      hits: [],
      nextCursor: null,
    });
    expect((await search({ identity: "spiffe://example.com/signer" })).hits).toStrictEqual([]);
    const uri = await get({ email: "https://github.com/o/r/w.yml@refs/heads/main" });
    expect([uri.status, await uri.text()]).toStrictEqual([400, expect.stringContaining("write identity=")]);
  });

  test("by public key finds everything that it signed, even with a certificate", async () => {
    const { hits } = await search({ publicKey: signer.fingerprint.toUpperCase() });
    expect(named(hits)).toStrictEqual([`signature ${indexes.signed}`, "certificate 0"]);
  });

  test("by the digest of a subject finds the attestation with its hints", async () => {
    for (const subject of SUBJECTS) {
      const { hits } = await search({ digest: `sha256:${subject}` });
      expect(named(hits)).toStrictEqual([`signature ${indexes.attested}`]);
      expect(hits[0]?.digest).toBe(`sha256:${SUBJECTS[0]}`);
    }
    const entry = (await (await fetch(`${stack.url}/api/entries/${indexes.attested}`)).json()) as {
      readonly hints: object;
    };
    expect(entry.hints).toMatchObject({
      subjectDigests: SUBJECTS.map((subject) => `sha256:${subject}`),
      predicateType: "https://slsa.dev/provenance/v1",
    });
  });

  test("in pages lists each entry once, newest first, while the log grows", async () => {
    const parameters = { publicKey: many.fingerprint, limit: "10" };
    const first = await search(parameters);
    const before = first.completeThrough;
    await postArtifacts(stack.url, many, ["growth 1", "growth 2"]);
    await waitForIndex(before + 2, 1);
    const second = await search({ ...parameters, cursor: first.nextCursor ?? "" });
    // The limit may change from page to page.
    const third = await search({ ...parameters, limit: "64", cursor: second.nextCursor ?? "" });
    const pages = [first, second, third];
    expect(pages.map(({ hits }) => hits.length)).toStrictEqual([10, 10, 6]);
    expect(third.nextCursor).toBeNull();
    const seen = pages.flatMap(({ hits }) => hits.map(({ index }) => index));
    expect(seen).toStrictEqual([...new Set(seen)].toSorted((a, b) => b - a));
    const anew = await search({ ...parameters, limit: "64" });
    expect(anew.hits.length).toBe(28);
    expect(anew.hits.slice(2).map(({ index }) => index)).toStrictEqual(seen);
    // The same cursor yields the same page.
    expect((await search({ ...parameters, cursor: first.nextCursor ?? "" })).hits).toStrictEqual(second.hits);
  });

  test("lists 20 hits per page by default", async () => {
    const { hits, nextCursor } = await search({ publicKey: many.fingerprint });
    expect(hits.length).toBe(20);
    expect(nextCursor).not.toBeNull();
  });

  test("with wrong parameters is 400 and says what to send", async () => {
    const { nextCursor } = await search({ publicKey: many.fingerprint, limit: "1" });
    const wrong: readonly [Record<string, string>, string][] = [
      [{}, "give at least one of digest"],
      [{ digest: "sha256:00" }, "digest must be"],
      [{ email: "alice" }, "email must be"],
      [{ publicKey: "00" }, "publicKey must be"],
      [{ email: EMAIL, limit: "65" }, "limit must be"],
      [{ email: EMAIL, cursor: nextCursor ?? "" }, "cursor must be the nextCursor"],
      [{ email: EMAIL, log: "rekor" }, "log must be"],
      [{ email: EMAIL, page: "2" }, "unknown parameter"],
    ];
    for (const [parameters, message] of wrong) {
      const response = await get(parameters);
      expect([response.status, await response.json()]).toStrictEqual([
        400,
        { code: 3, message: expect.stringContaining(message), details: [] },
      ]);
    }
    expect((await fetch(`${stack.url}/api/search`, { method: "POST" })).status).toBe(501);
  });

  test.each(["json", "csv", "atom"])(
    "is readable by any origin, and is not sent again to whoever has it: %s",
    async (format) => {
      const { status, headers } = await get({ email: EMAIL, format });
      expect([status, headers.get("access-control-allow-origin"), headers.get("cache-control")]).toEqual([
        200,
        "*",
        "no-cache",
      ]);
      const parameters = new URLSearchParams({ email: EMAIL, format });
      const again = await fetch(`${stack.url}/api/search?${parameters.toString()}`, {
        headers: { "if-none-match": headers.get("etag") ?? "" },
      });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    },
  );
});
