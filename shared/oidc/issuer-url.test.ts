// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { parseFetchableUrl, parseIssuerUrl } from "./issuer-url.ts";

describe("parseIssuerUrl accepts", () => {
  test.each([
    ["https://accounts.example.com", false],
    ["https://accounts.example.com/", false],
    ["https://accounts.example.com/a/b", false],
    ["https://accounts.example.com/a/", false],
    ["https://accounts.example.com:8443", false],
    ["https://192.0.2.1", false],
    ["http://localhost:8787/oidc", true],
    ["http://sub.localhost", true],
    ["http://127.0.0.1", true],
    ["http://127.255.255.254", true],
    ["http://0.0.0.0", true],
    ["http://[::1]:1", true],
    ["https://localhost", true],
  ])("%s", (href, isLoopback) => {
    expect(parseIssuerUrl(href)).toEqual({ ok: true, value: { href, isLoopback } });
  });
});

describe("parseIssuerUrl rejects", () => {
  test.each([
    ["", "is not a URL"],
    ["accounts.example.com", "is not a URL"],
    ["https://", "is not a URL"],
    [`https://example.com/${"a".repeat(500)}`, "is not a URL"],
    ["http://accounts.example.com", "must start with https://"],
    ["http://localhost.example.com", "must start with https://"],
    ["http://128.0.0.1", "must start with https://"],
    ["http://127.0.0.1.example.com", "must start with https://"],
    ["ftp://localhost", "must start with https://"],
    ["file:///etc/passwd", "must start with https://"],
    ["https://user@example.com", "must not contain a user name or password"],
    ["https://:secret@example.com", "must not contain a user name or password"],
    ["https://example.com?a", "must not have a query or fragment"],
    ["https://example.com/?", "must not have a query or fragment"],
    ["https://example.com/#", "must not have a query or fragment"],
    ["HTTPS://example.com", "must be spelled https://example.com"],
    ["https://Example.com/a", "must be spelled https://example.com/a"],
    ["https://example.com:443", "must be spelled https://example.com"],
    ["https://example.com/a/../b", "must be spelled https://example.com/b"],
    ["https://example.com/ä", "must be spelled https://example.com/%C3%A4"],
    [" https://example.com", "must be spelled https://example.com"],
    ["https://example.com\\a", "must be spelled https://example.com/a"],
    ["https://bücher.example", "must be spelled https://xn--bcher-kva.example"],
  ])("%s: %s", (text, reason) => {
    expect(parseIssuerUrl(text)).toEqual({ ok: false, error: { code: "issuer_url_invalid", reason } });
  });
});

test("parseFetchableUrl also accepts a query, a fragment and other spellings, but no other address", () => {
  expect(parseFetchableUrl("https://Example.com:443/jwks?v=1#a").ok).toBe(true);
  expect(parseFetchableUrl("http://example.com/jwks").ok).toBe(false);
  expect(parseFetchableUrl("https://user@example.com/jwks").ok).toBe(false);
});
