// SPDX-License-Identifier: Apache-2.0
// The timestamp authority over HTTP, judged by openssl and by @sigstore/verify.

import { readFileSync } from "node:fs";
import { RFC3161Timestamp } from "@sigstore/core";
import { TSAWitness } from "@sigstore/sign";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { printTimestamp, timestampQuery, verifyTimestamp } from "../support/process/openssl.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const DATA = new TextEncoder().encode("the bytes of a signature");
const DER = "application/timestamp-query";

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const endpoint = (): string => `${stack.url}/api/v1/timestamp`;
const post = (contentType: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(endpoint(), { method: "POST", headers: { "content-type": contentType }, body });
const bytesOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer());

/** The served leaf and root, PEM. */
async function servedChain(): Promise<{ readonly leaf: string; readonly root: string }> {
  const chain = await (await fetch(`${endpoint()}/certchain`)).text();
  const [leaf = "", root = ""] = chain.split(/(?<=-----END CERTIFICATE-----\n)/);
  return { leaf, root };
}

describe("a timestamp over HTTP", () => {
  test.each(["-sha256", "-sha384", "-sha512"])(
    "verifies with openssl against the chain over HTTP: %s",
    async (digest) => {
      const { leaf, root } = await servedChain();
      const query = timestampQuery(DATA, digest, "-cert");
      const answer = await post(DER, query);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("application/timestamp-reply");
      const response = await bytesOf(answer);
      expect(answer.headers.get("content-length")).toBe(String(response.length));
      expect(verifyTimestamp({ response, against: { data: DATA }, root })).toBe("Verification: OK");
      expect(verifyTimestamp({ response, against: { query }, root })).toBe("Verification: OK");
      const bare = await bytesOf(await post(DER, timestampQuery(DATA, digest)));
      expect(verifyTimestamp({ response: bare, against: { data: DATA }, root, leaf })).toBe("Verification: OK");
    },
  );

  test("is issued to the unmodified client of @sigstore/sign, which sends JSON", async () => {
    const witness = new TSAWitness({ tsaBaseURL: stack.url });
    const content = { $case: "messageSignature", messageSignature: { signature: Buffer.from(DATA) } };
    const material = await witness.testify(content as never);
    const [timestamp] = material.rfc3161Timestamps ?? [];
    const response = timestamp?.signedTimestamp ?? Buffer.of();
    const { leaf, root } = await servedChain();
    expect(verifyTimestamp({ response, against: { data: DATA }, root, leaf })).toBe("Verification: OK");
    expect(Math.abs(RFC3161Timestamp.parse(response).signingTime.getTime() - Date.now())).toBeLessThan(10_000);
  });

  test("echoes a nonce beyond JavaScript's safe integers", async () => {
    const body = `{"artifactHash":"${"A".repeat(43)}=","hashAlgorithm":"sha256","nonce":36893488147419103233}`;
    expect(printTimestamp(await bytesOf(await post("application/json", body)))).toContain(
      "Nonce: 0x020000000000000001",
    );
  });

  test("is rejected as RFC 3161 says if the query is well-formed", async () => {
    const answer = await post(DER, timestampQuery(DATA, "-sha1"));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/timestamp-reply");
    expect(Buffer.from(await bytesOf(answer)).toString("hex")).toBe("3009300702010203020780");
  });

  test.each([
    {
      what: "another type",
      type: "text/plain",
      body: "x",
      status: 415,
      message: "send content-type application/timestamp-query (DER) or application/json",
    },
    { what: "no DER", type: DER, body: "x", status: 400, message: "the request is not a DER TimeStampReq: truncated" },
    {
      what: "an oversized query",
      type: DER,
      body: "x".repeat(100_000),
      status: 400,
      message: "the request is larger than 2048 bytes",
    },
    {
      what: "an oversized JSON query",
      type: "application/json",
      body: " ".repeat(1025),
      status: 400,
      message: "the request is larger than 1024 bytes",
    },
    {
      what: "a digest of the wrong length",
      type: "application/json",
      body: '{"artifactHash":"AAAA","hashAlgorithm":"sha256"}',
      status: 400,
      message: "the request needs in artifactHash the 32 bytes of a sha256 digest",
    },
  ])("rejects $what with $status", async ({ type, body, status, message }) => {
    const answer = await post(type, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toStrictEqual({ code: status, message });
  });

  test("rejects other methods with 405", async () => {
    const answer = await fetch(endpoint());
    expect([answer.status, answer.headers.get("allow")]).toStrictEqual([405, "POST"]);
    expect(await answer.json()).toStrictEqual({ code: 405, message: "use POST" });
  });
});

describe("the chain over HTTP", () => {
  test("is the configured one, leaf first", async () => {
    const answer = await fetch(`${endpoint()}/certchain`);
    expect(answer.headers.get("content-type")).toBe("application/pem-certificate-chain");
    expect(await answer.text()).toBe(readFileSync(`${stack.state}/keys/tsa-chain.pem`, "utf8"));
  });
});
