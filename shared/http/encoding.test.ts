// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { acceptEncodingOf, acceptsGzip, compress } from "./encoding.ts";

describe("acceptsGzip", () => {
  test.each([
    "gzip",
    "GZIP",
    "x-gzip",
    "*",
    "br, gzip",
    "gzip, deflate, br",
    "gzip;q=0.001",
    "gzip ; q=1.000",
    "deflate;q=0, gzip;q=0.5",
    "gzip, identity",
    // RFC 9110 §12.5.3.
    "compress, gzip",
    "compress;q=0.5, gzip;q=1.0",
    "gzip;q=1.0, identity; q=0.5, *;q=0",
  ])("%s: yes", (header) => expect(acceptsGzip(header)).toBe(true));

  test.each([
    null,
    "",
    "identity",
    "br, deflate",
    "gzip;q=0",
    "gzip;q=0.000",
    "*;q=0",
    "gzip;q=0, *",
    "identity, gzip;q=0.9",
    "gzip;q=2",
    "gzip;q=-1",
    "gzip;q=0.0001",
    "gzip;q=one",
    "gzip;level=9",
    "gzip;q=1;q=1",
    "gzipped",
    "gzip deflate",
  ])("%s: no", (header) => expect(acceptsGzip(header)).toBe(false));
});

test("the client's own header counts, not Cloudflare's version of it", () => {
  const headers = new Headers({ "accept-encoding": "gzip, br" });
  expect(acceptEncodingOf({ headers, cf: { clientAcceptEncoding: "identity" } })).toBe("identity");
  expect(acceptEncodingOf({ headers, cf: { clientAcceptEncoding: "" } })).toBe("");
  expect(acceptEncodingOf({ headers, cf: {} })).toBe("gzip, br");
  expect(acceptEncodingOf({ headers })).toBe("gzip, br");
  expect(acceptEncodingOf({ headers: new Headers() })).toBeNull();
});

describe("compress", () => {
  test("produces what gunzip reads", async () => {
    const body = new TextEncoder().encode("the same again; ".repeat(500));
    const packed = await compress(body);
    expect(packed?.length).toBeLessThan(body.length / 10);
    expect(new Uint8Array(gunzipSync(packed ?? new Uint8Array(0)))).toEqual(body);
  });

  test.each([
    ["nothing", new Uint8Array(0)],
    ["a body that fits into a packet", new Uint8Array(1399)],
    ["a body that takes too long", new Uint8Array(512 * 1024 + 1)],
    ["a body that does not shrink", new Uint8Array(randomBytes(8192))],
  ])("does not compress %s", async (_, body) => expect(await compress(body)).toBeNull());
});
