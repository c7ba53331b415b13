// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { parsePublicUrl, parsePublicUrlSetting } from "./public-url.ts";

describe("parsePublicUrl accepts", () => {
  test.each([
    ["https://sigstore.example.com", "sigstore.example.com", "sigstore.example.com", false],
    ["https://sigstore.example.com:8443", "sigstore.example.com:8443", "sigstore.example.com", false],
    ["http://localhost:8787", "localhost:8787", "localhost", true],
    ["http://127.1.2.3", "127.1.2.3", "127.1.2.3", true],
    ["http://[::1]:8787", "[::1]:8787", "[::1]", true],
    ["https://localhost", "localhost", "localhost", true],
  ])("%s", (href, host, hostname, isLoopback) => {
    expect(parsePublicUrl(href)).toEqual({ ok: true, value: { href, host, hostname, isLoopback } });
    expect(parsePublicUrlSetting(href)).toEqual({ ok: true, value: { href, host, hostname, isLoopback } });
  });
});

describe("parsePublicUrl rejects", () => {
  const alone = (href: string): string =>
    `must be scheme and host alone, in lower case, without a trailing slash: ${href}`;

  test.each([
    ["", "is not a URL; give it as https://HOST"],
    ["sigstore.example.com", "is not a URL; give it as https://HOST"],
    ["https://", "is not a URL; give it as https://HOST"],
    ["ftp://sigstore.example.com", "must start with https://"],
    ["http://sigstore.example.com", "must start with https:// (http is for loopback hosts only)"],
    ["http://localhost.example.com", "must start with https:// (http is for loopback hosts only)"],
    ["http://0.0.0.0", "must start with https:// (http is for loopback hosts only)"],
    ["https://sigstore.example.com/", alone("https://sigstore.example.com")],
    ["https://sigstore.example.com/path", alone("https://sigstore.example.com")],
    ["https://sigstore.example.com?", alone("https://sigstore.example.com")],
    ["https://sigstore.example.com#a", alone("https://sigstore.example.com")],
    ["https://user@sigstore.example.com", alone("https://sigstore.example.com")],
    ["https://sigstore.example.com:443", `must not name port 443, which is the default: https://sigstore.example.com`],
    ["http://localhost:80", `must not name port 80, which is the default: http://localhost`],
    ["https://sigstore.example.com:443/", alone("https://sigstore.example.com")],
    ["https://Sigstore.example.com", alone("https://sigstore.example.com")],
    ["HTTPS://sigstore.example.com", alone("https://sigstore.example.com")],
    [" https://sigstore.example.com", alone("https://sigstore.example.com")],
    ["http://127.1", alone("http://127.0.0.1")],
    ...[";id", "$(id)", "`id`", "'", '"', "&id", "!!", "*", ",", "{a,b}", "~", "=", ".."].map((part) => [
      `https://a${part}.example.com`,
      "has a host name with characters other than letters, digits, hyphens and dots",
    ]),
  ])("%s", (text, reason) => {
    expect(parsePublicUrl(text)).toEqual({ ok: false, error: { code: "public_url_invalid", reason } });
    expect(parsePublicUrlSetting(text)).toEqual({ ok: false, error: reason });
  });
});
