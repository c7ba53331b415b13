// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "./cache.ts";

const body = new Uint8Array(encodeUtf8("tile"));
const etag = `"${createHash("sha256").update("tile").digest("hex").slice(0, 32)}"`;
const representation = { body, contentType: "application/octet-stream", cacheControl: CACHE_CONTROL.immutable };
const asked = (ifNoneMatch?: string): Response =>
  respondWith(
    new Request("https://log.example/tile/0/000", {
      headers: ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch },
    }),
    representation,
  );

describe("respondWith", () => {
  test("answers 200 with body, type, validator, life time and CORS", async () => {
    const response = asked();
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("tile");
    expect(Object.fromEntries(response.headers)).toStrictEqual({
      "access-control-allow-origin": "*",
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": "application/octet-stream",
      etag,
    });
  });

  test.each([etag, `W/${etag}`, `"other", ${etag}`, `"other",W/${etag}`, "*"])(
    "If-None-Match %s gives 304",
    async (header) => {
      const response = asked(header);
      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(etag);
      expect(response.headers.get("cache-control")).toBe(CACHE_CONTROL.immutable);
      expect(await response.text()).toBe("");
    },
  );

  test.each(['"other"', etag.slice(1, -1), ""])("If-None-Match %s gives 200", (header) => {
    expect(asked(header).status).toBe(200);
  });
});
