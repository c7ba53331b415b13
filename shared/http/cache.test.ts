// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { CACHE_CONTROL, preflight, respondCompressed, respondWith } from "./cache.ts";

const tagOf = (text: string): string => `"${createHash("sha256").update(text).digest("hex").slice(0, 32)}"`;
const request = (headers: Record<string, string> = {}, method = "GET"): Request =>
  new Request("https://log.example/tile/0/000", { method, headers });
const textOf = async (response: Response): Promise<string> => Buffer.from(await response.arrayBuffer()).toString();

const TILE = "0123456789";
const etag = tagOf(TILE);
const tile = { body: encodeUtf8(TILE), contentType: "application/octet-stream", cacheControl: CACHE_CONTROL.immutable };
const ask = (headers: Record<string, string> = {}, method = "GET"): Response =>
  respondWith(request(headers, method), tile);

const READABLE = { "access-control-allow-origin": "*", "access-control-expose-headers": "*" };
const COMMON = { ...READABLE, "accept-ranges": "bytes", "cache-control": CACHE_CONTROL.immutable };
const WHOLE = { ...COMMON, "content-length": "10", "content-type": "application/octet-stream", etag };

describe("respondWith", () => {
  test("responds with 200, body, type, validator, lifetime and CORS", async () => {
    const response = ask();
    expect(response.status).toBe(200);
    expect(await textOf(response)).toBe(TILE);
    expect(Object.fromEntries(response.headers)).toStrictEqual(WHOLE);
  });

  test("responds to HEAD with the headers of GET", async () => {
    const response = ask({}, "HEAD");
    expect([response.status, await textOf(response)]).toEqual([200, ""]);
    expect(Object.fromEntries(response.headers)).toStrictEqual(WHOLE);
  });

  test.each([etag, `W/${etag}`, `"other", ${etag}`, `"other",W/${etag}`, "*"])(
    "If-None-Match %s gives 304",
    async (header) => {
      const response = ask({ "if-none-match": header, range: "bytes=0-1" });
      expect([response.status, await textOf(response)]).toEqual([304, ""]);
      expect(Object.fromEntries(response.headers)).toStrictEqual({ ...COMMON, etag });
    },
  );

  test.each(['"other"', etag.slice(1, -1), "", `"${etag}"`])("If-None-Match %s gives 200", (header) => {
    expect(ask({ "if-none-match": header }).status).toBe(200);
  });
});

describe("a range", () => {
  test.each([
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-1", "9", "bytes 9-9/10"],
    ["bytes=0-100", TILE, "bytes 0-9/10"],
  ])("%s gives 206", async (range, text, contentRange) => {
    const response = ask({ range });
    expect([response.status, await textOf(response)]).toEqual([206, text]);
    expect(Object.fromEntries(response.headers)).toStrictEqual({
      ...WHOLE,
      "content-length": String(text.length),
      "content-range": contentRange,
    });
  });

  test("beyond the end gives 416, which is not cached", async () => {
    const response = ask({ range: "bytes=10-" });
    expect([response.status, await textOf(response)]).toEqual([416, ""]);
    expect(Object.fromEntries(response.headers)).toStrictEqual({
      ...READABLE,
      "cache-control": "no-store",
      "content-range": "bytes */10",
    });
  });

  test.each(["bytes=0-0,2-2", "bytes=3-1", "lines=1-2"])("%s gives the whole body", async (range) => {
    const response = ask({ range });
    expect([response.status, await textOf(response)]).toEqual([200, TILE]);
  });

  test.each([
    [etag, 206],
    ['"other"', 200],
    // Neither proves that the bytes are the same (RFC 9110 §13.1.5).
    [`W/${etag}`, 200],
    ["Mon, 21 Sep 2026 14:13:20 GMT", 200],
  ])("If-Range %s gives %i", (ifRange, status) => {
    expect(ask({ range: "bytes=0-1", "if-range": ifRange }).status).toBe(status);
  });

  test("applies to GET only", () => {
    expect(ask({ range: "bytes=0-1" }, "HEAD").status).toBe(200);
  });
});

describe("respondCompressed", () => {
  const text = "the same again; ".repeat(500);
  const bundle = { ...tile, body: encodeUtf8(text) };
  const plainTag = tagOf(text);
  const gzipTag = `${plainTag.slice(0, -1)}-gzip"`;
  const get = (headers: Record<string, string>, method = "GET"): Promise<Response> =>
    respondCompressed(request(headers, method), bundle);

  test("gzips on request, under its own ETag", async () => {
    const response = await get({ "accept-encoding": "gzip" });
    const body = Buffer.from(await response.arrayBuffer());
    expect(gunzipSync(body).toString()).toBe(text);
    expect(Object.fromEntries(response.headers)).toStrictEqual({
      ...COMMON,
      "content-encoding": "gzip",
      "content-length": String(body.length),
      "content-type": "application/octet-stream",
      etag: gzipTag,
      vary: "accept-encoding",
    });
    const head = await get({ "accept-encoding": "gzip" }, "HEAD");
    expect(Object.fromEntries(head.headers)).toStrictEqual(Object.fromEntries(response.headers));
    expect(await textOf(head)).toBe("");
  });

  test.each<Record<string, string>>([{}, { "accept-encoding": "identity" }, { "accept-encoding": "gzip;q=0" }])(
    "sends the plain form to %o",
    async (headers) => {
      const response = await get(headers);
      expect(await textOf(response)).toBe(text);
      expect(response.headers.get("etag")).toBe(plainTag);
      expect(response.headers.get("vary")).toBe("accept-encoding");
      expect(response.headers.has("content-encoding")).toBe(false);
    },
  );

  test.each([plainTag, gzipTag, `W/${gzipTag}`])("If-None-Match %s gives 304 with that tag", async (known) => {
    const response = await get({ "accept-encoding": "gzip", "if-none-match": known });
    expect(response.status).toBe(304);
    expect(response.headers.get("etag")).toBe(known.replace("W/", ""));
    expect(response.headers.get("vary")).toBe("accept-encoding");
    expect(response.headers.has("content-encoding")).toBe(false);
  });

  test("does not confuse the gzip variant with the plain one", async () => {
    expect((await get({ "if-none-match": gzipTag })).status).toBe(200);
    const resumed = await get({ "accept-encoding": "gzip", range: "bytes=1-", "if-range": gzipTag });
    expect([resumed.status, resumed.headers.get("etag")]).toEqual([200, plainTag]);
  });

  test("serves ranges of the plain form, whatever is accepted", async () => {
    const response = await get({ "accept-encoding": "gzip", range: "bytes=4-7" });
    expect([response.status, await textOf(response)]).toEqual([206, "same"]);
    expect(response.headers.get("etag")).toBe(plainTag);
    expect(response.headers.has("content-encoding")).toBe(false);
  });

  test("does not compress a body that does not shrink", async () => {
    const response = await respondCompressed(request({ "accept-encoding": "gzip" }), tile);
    expect([response.headers.get("etag"), response.headers.get("vary")]).toEqual([etag, "accept-encoding"]);
    expect(response.headers.has("content-encoding")).toBe(false);
  });
});

test("a preflight allows the methods of the path and any header", () => {
  const response = preflight("GET, HEAD");
  expect(response.status).toBe(204);
  expect(Object.fromEntries(response.headers)).toStrictEqual({
    ...READABLE,
    "access-control-allow-headers": "*",
    "access-control-allow-methods": "GET, HEAD",
    "access-control-max-age": "86400",
    allow: "GET, HEAD",
    "cache-control": "no-store",
  });
});
