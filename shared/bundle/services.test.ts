// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { unixMs } from "../time.ts";
import { findServices } from "./services.ts";

const NOW = unixMs(Date.parse("2026-06-01T00:00:00Z"));
const row = (url: unknown, majorApiVersion: number, start: string, end?: string): object => ({
  url,
  majorApiVersion,
  validFor: { start, ...(end === undefined ? {} : { end }) },
});

describe("the services of a signing config", () => {
  it("are the newest that are valid now, in the version that a signer speaks", () => {
    const config = {
      caUrls: [row("https://ca.example/", 1, "2026-01-01T00:00:00Z")],
      tsaUrls: [row("https://tsa.example/api/v1/timestamp", 1, "2026-01-01T00:00:00Z")],
      rekorTlogUrls: [
        row("https://v1.example", 1, "2026-05-01T00:00:00Z"),
        row("https://old.example", 2, "2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z"),
        row("https://now.example", 2, "2026-05-01T00:00:00Z"),
        row("https://earlier.example", 2, "2026-04-01T00:00:00Z"),
        row("https://coming.example", 2, "2026-07-01T00:00:00Z"),
      ],
      oidcUrls: [row("https://sign.example/oidc", 1, "2026-01-01T00:00:00Z")],
    };
    expect(findServices(config, NOW)).toEqual({
      ca: "https://ca.example/",
      tsa: "https://tsa.example/api/v1/timestamp",
      log: "https://now.example",
      provider: "https://sign.example/oidc",
    });
  });

  const NOTHING = { ca: null, tsa: null, log: null, provider: null };
  it.each<[string, unknown]>([
    ["nothing", {}],
    ["no object", "text"],
    ["lists of something else", { caUrls: {}, tsaUrls: "x", rekorTlogUrls: [1], oidcUrls: [null] }],
    ["an address that is none", { caUrls: [row("javascript:alert(1)", 1, "2026-01-01T00:00:00Z")] }],
    ["an address that is no text", { caUrls: [row(["https://x"], 1, "2026-01-01T00:00:00Z")] }],
    ["one that ends now", { oidcUrls: [row("https://x", 1, "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z")] }],
  ])("are none where it has %s", (_, config) => {
    expect(findServices(config, NOW)).toEqual(NOTHING);
  });
});
