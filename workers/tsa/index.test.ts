// SPDX-License-Identifier: Apache-2.0

import { X509Certificate } from "node:crypto";
import { RFC3161Timestamp } from "@sigstore/core";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import {
  type OpensslChain,
  printTimestamp,
  timestampChain,
  timestampQuery,
  verifyTimestamp,
} from "../../test/support/process/openssl.ts";
import type { TsaEnv } from "./env.ts";
import service from "./index.ts";

const ENDPOINT = "https://sigstore.example.com/api/v1/timestamp";
const DATA = encodeUtf8("hello");
const HELLO_SHA256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
const DER = "application/timestamp-query";

let pem: OpensslChain;
let env: TsaEnv;

beforeAll(() => {
  pem = timestampChain();
  env = {
    PUBLIC_URL: "https://sigstore.example.com",
    TSA_CHAIN: pem.chain,
    TSA_KEY: pem.key,
    WRITES: { limit: () => Promise.resolve({ success: true }) },
  };
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const post = (contentType: string | null, body: BodyInit): Promise<Response> =>
  service.fetch(
    new Request(ENDPOINT, {
      method: "POST",
      body,
      headers: contentType === null ? {} : { "content-type": contentType },
    }),
    env,
  );
const bytesOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer());

describe("POST /api/v1/timestamp", () => {
  test.each([DER, "Application/Timestamp-Query; charset=binary"])("answers a DER query sent as %s", async (type) => {
    const query = timestampQuery(DATA, "-cert");
    const answer = await post(type, query);
    expect(answer.status).toBe(200);
    const response = await bytesOf(answer);
    expect(Object.fromEntries(answer.headers)).toStrictEqual({
      "access-control-allow-origin": "*",
      "cache-control": "no-store",
      "content-length": String(response.length),
      "content-type": "application/timestamp-reply",
    });
    expect(verifyTimestamp({ response, against: { query }, root: pem.root })).toBe("Verification: OK");
  });

  test("answers a JSON request, including a nonce beyond 2^53", async () => {
    const nonce = "340282366920938463463374607431768211455";
    const body = `{"artifactHash":"${HELLO_SHA256}","hashAlgorithm":"sha256","nonce":${nonce},"certificates":true}`;
    const answer = await post("application/json; charset=utf-8", body);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/timestamp-reply");
    const response = await bytesOf(answer);
    expect(printTimestamp(response)).toContain(`Nonce: 0x${"F".repeat(32)}`);
    expect(verifyTimestamp({ response, against: { data: DATA }, root: pem.root })).toBe("Verification: OK");
  });

  test("gives each token a unique positive serial of 20 bytes, and whole seconds", async () => {
    const serials = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const text = printTimestamp(await bytesOf(await post(DER, timestampQuery(DATA))));
      const [, serial = ""] = /Serial number: 0x([0-9A-F]+)/.exec(text) ?? [];
      expect(serial).toMatch(/^[4-7][0-9A-F]{39}$/);
      serials.add(serial);
      expect(text).toMatch(/Time stamp: \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT/);
    }
    expect(serials.size).toBe(5);
  });

  test.each([
    { options: ["-sha1"], info: "unrecognized or unsupported algorithm identifier" },
    { options: ["-sha224"], info: "unrecognized or unsupported algorithm identifier" },
    { options: ["-tspolicy", "1.2.3.4"], info: "the requested TSA policy is not supported by the TSA" },
  ])("answers openssl's query $options with a rejection", async ({ options, info }) => {
    const answer = await post(DER, timestampQuery(DATA, ...options));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/timestamp-reply");
    const text = printTimestamp(await bytesOf(answer));
    expect(text).toContain("Status: Rejected.");
    expect(text).toContain(`Failure info: ${info}`);
  });

  test.each([
    { what: "no type", type: null, body: "x", status: 415 },
    { what: "another type", type: "application/octet-stream", body: "x", status: 415 },
    { what: "a type in a parameter", type: "multipart/form-data; boundary=application/json", body: "x", status: 415 },
  ])("rejects $what with 415", async ({ type, body, status }) => {
    const answer = await post(type, new Blob([body], type === null ? {} : { type }));
    expect(answer.status).toBe(status);
    expect(await answer.json()).toStrictEqual({
      code: 415,
      message: "send content-type application/timestamp-query (DER) or application/json",
    });
  });

  test.each([
    {
      what: "no DER",
      type: DER,
      body: "hello",
      message: "the request is not a DER TimeStampReq: truncated",
    },
    { what: "nothing", type: DER, body: "", message: "the request is not a DER TimeStampReq: no element" },
    { what: "too much DER", type: DER, body: "x".repeat(2049), message: "the request is larger than 2048 bytes" },
    { what: "no JSON", type: "application/json", body: "{", message: "the request is not a JSON object" },
    {
      what: "too much JSON",
      type: "application/json",
      body: `{"artifactHash":"${HELLO_SHA256}","hashAlgorithm":"sha256","nonce":${"9".repeat(1000)}}`,
      message: "the request is larger than 1024 bytes",
    },
    {
      what: "a weak hash in JSON, which has no rejection",
      type: "application/json",
      body: '{"artifactHash":"qvTGHdzF6KLavt4PO0gs2a6pQ00=","hashAlgorithm":"sha1"}',
      message: "the request needs hashAlgorithm sha256, sha384 or sha512",
    },
  ])("rejects $what with 400", async ({ type, body, message }) => {
    const answer = await post(type, body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toStrictEqual({ code: 400, message });
  });

  test("reads the clock after the body has arrived", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const start = Date.parse("2030-01-02T03:04:05.900Z");
    vi.setSystemTime(Math.min(start, new X509Certificate(pem.leaf).validToDate.getTime() - 60_000));
    const query = timestampQuery(DATA);
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(query.slice(0, 10)),
      pull: (controller) => {
        vi.setSystemTime(Date.now() + 5000);
        controller.enqueue(query.slice(10));
        controller.close();
      },
    });
    const before = Date.now();
    const request = new Request(ENDPOINT, {
      method: "POST",
      body,
      headers: { "content-type": DER },
      duplex: "half",
    } as never);
    const token = RFC3161Timestamp.parse(Buffer.from(await bytesOf(await service.fetch(request, env))));
    expect(token.signingTime.getTime()).toBe(Math.floor((before + 5000) / 1000) * 1000);
  });

  test("issues no token once its certificate has expired", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(new X509Certificate(pem.leaf).validToDate.getTime() + 1000);
    const answer = await post(DER, timestampQuery(DATA));
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(await answer.json()).toStrictEqual({
      code: 503,
      message: expect.stringContaining("the timestamping certificate is valid from"),
    });
  });

  test.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])("rejects %s with 405", async (method) => {
    const answer = await service.fetch(new Request(ENDPOINT, { method }), env);
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("POST");
    expect(await answer.text()).toBe(method === "HEAD" ? "" : '{"code":405,"message":"use POST"}');
  });
});

describe("GET /api/v1/timestamp/certchain", () => {
  const get = (method = "GET"): Promise<Response> =>
    service.fetch(new Request(`${ENDPOINT}/certchain`, { method }), env);

  test("answers with leaf, then root", async () => {
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/pem-certificate-chain");
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    const text = await answer.text();
    const [leaf = "", root = ""] = text.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(new X509Certificate(leaf).raw).toStrictEqual(new X509Certificate(pem.leaf).raw);
    expect(new X509Certificate(root).raw).toStrictEqual(new X509Certificate(pem.root).raw);
  });

  test("answers HEAD, and POST with 405", async () => {
    const head = await get("HEAD");
    expect([head.status, await head.text()]).toStrictEqual([200, ""]);
    const wrong = await get("POST");
    expect([wrong.status, wrong.headers.get("allow")]).toStrictEqual([405, "GET, HEAD"]);
  });
});

describe("the service", () => {
  test("allows requests from other origins, as the reference does", async () => {
    const headers = {
      origin: "https://signer.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const answer = await service.fetch(new Request(ENDPOINT, { method: "OPTIONS", headers }), env);
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toStrictEqual({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, POST",
      "access-control-allow-headers": "accept, content-type, x-requested-with",
    });
    expect((await post("text/plain", "x")).headers.get("access-control-allow-origin")).toBe("*");
  });

  test("has no other path", async () => {
    const answer = await service.fetch(new Request(`${ENDPOINT}/other`), env);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toStrictEqual({ code: 404, message: "the timestamp authority has no such path" });
  });

  test("reports missing settings on every route", async () => {
    for (const path of ["", "/certchain", "/other"]) {
      const answer = await service.fetch(new Request(`${ENDPOINT}${path}`), {
        PUBLIC_URL: "https://sigstore.example.com",
        WRITES: { limit: () => Promise.resolve({ success: true }) },
      });
      expect(answer.status).toBe(503);
      expect(await answer.json()).toStrictEqual({
        code: 14,
        message: "this deployment is not configured: TSA_CHAIN is missing; TSA_KEY is missing",
        details: [],
      });
    }
  });

  test("answers an exception with 503 and one log line, which identifies it and reveals nothing of the request", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(crypto, "getRandomValues").mockImplementation(() => {
      throw new Error("no entropy");
    });
    const headers = { "content-type": DER, "x-request-id": "abc", authorization: "Bearer secret" };
    const request = new Request(`${ENDPOINT}?secret=1`, { method: "POST", headers, body: timestampQuery(DATA) });
    const answer = await service.fetch(request, env);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await answer.json()).toStrictEqual({
      code: 503,
      message: "the timestamp authority failed; its log has request abc",
    });
    expect(log).toHaveBeenCalledTimes(1);
    const line = String(log.mock.calls[0]?.[0]);
    expect(JSON.parse(line)).toMatchObject({
      code: "internal",
      requestId: "abc",
      method: "POST",
      path: "/api/v1/timestamp",
      error: "Error: no entropy",
    });
    expect(line).not.toContain("secret");
  });
});
