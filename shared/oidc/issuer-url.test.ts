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
    ["https://Example.com/Realm", false],
    ["https://keycloak.example.com:443/realms/x", false],
    ["https://Keycloak.Example.com:443", false],
    ["https://dex_idp.example.com/dex", false],
    ["http://LOCALHOST:80/a", true],
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
    ["https://example.com:0443", "must be spelled https://example.com"],
    ["https://example.com:80:443", "is not a URL"],
    ["https://0x7f.1/a", "must be spelled https://127.0.0.1/a"],
    ["http://example.com:443", "must start with https://"],
    ["https://example.com/a/../b", "must be spelled https://example.com/b"],
    ["https://example.com/ä", "must be spelled https://example.com/%C3%A4"],
    [" https://example.com", "must be spelled https://example.com"],
    ["https://example.com\\a", "must be spelled https://example.com/a"],
    ["https://bücher.example", "must be spelled https://xn--bcher-kva.example"],
  ])("%s: %s", (text, reason) => {
    expect(parseIssuerUrl(text)).toEqual({ ok: false, error: { code: "issuer_url_invalid", reason } });
  });
});

describe("parseIssuerUrl, for an issuer whose keys are not fetched,", () => {
  test.each(["http://dex-idp:8888/auth", "http://keycloak.svc.cluster.local:8080/realms/x", "http://Example.com:80/a"])(
    "accepts %s",
    (href) => expect(parseIssuerUrl(href, "static")).toEqual({ ok: true, value: { href, isLoopback: false } }),
  );

  test.each([
    ["ftp://dex-idp/auth", "must start with https://"],
    ["http://user@dex-idp/auth", "must not contain a user name or password"],
    ["http://dex-idp/auth?a", "must not have a query or fragment"],
    ["http://dex-idp/a/../b", "must be spelled http://dex-idp/b"],
  ])("rejects %s: %s", (text, reason) =>
    expect(parseIssuerUrl(text, "static")).toEqual({ ok: false, error: { code: "issuer_url_invalid", reason } }),
  );
});

test("parseFetchableUrl also accepts a query, a fragment and other spellings, but no other address", () => {
  expect(parseFetchableUrl("https://Example.com:443/jwks?v=1#a").ok).toBe(true);
  expect(parseFetchableUrl("http://example.com/jwks").ok).toBe(false);
  expect(parseFetchableUrl("https://user@example.com/jwks").ok).toBe(false);
});
