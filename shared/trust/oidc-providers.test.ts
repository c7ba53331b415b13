// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { parseOidcProviders } from "./oidc-providers.ts";

const URL = "https://login.example.com/realms/staff";
const START = "2026-01-01T00:00:00Z";
const END = "2027-01-01T00:00:00Z";
const parse = (json: unknown): ReturnType<typeof parseOidcProviders> => parseOidcProviders(JSON.stringify(json));

describe("parseOidcProviders accepts", () => {
  const plain = { url: URL, isLoopback: false, operator: "login.example.com", validFor: null };

  it.each<[string, unknown, readonly unknown[]]>([
    ["no provider", [], []],
    ["a URL", [URL], [plain]],
    ["a row with nothing else", [{ url: URL }], [plain]],
    [
      "the row of a signing config",
      [{ url: URL, majorApiVersion: 1, validFor: { start: START }, operator: "us" }],
      [{ ...plain, operator: "us", validFor: { start: START } }],
    ],
    [
      "an end",
      [{ url: URL, validFor: { start: START, end: END } }],
      [{ ...plain, validFor: { start: START, end: END } }],
    ],
    ["the slash of Auth0", ["https://a.example/"], [{ ...plain, url: "https://a.example/", operator: "a.example" }]],
    [
      "a provider on this machine",
      ["http://localhost:5556/dex"],
      [{ url: "http://localhost:5556/dex", isLoopback: true, operator: "localhost", validFor: null }],
    ],
  ])("%s", (_, json, providers) => expect(parse(json)).toEqual({ ok: true, value: providers }));
});

describe("parseOidcProviders rejects", () => {
  it.each<[unknown, string]>([
    [{}, "must be a JSON list of OpenID providers"],
    [Array.from({ length: 9 }, (_, i) => `https://${i}.example`), "must have at most 8 providers"],
    [[null], "[0] must be a URL or an object"],
    [[{}], "[0].url is missing"],
    [["login.example.com"], "[0].url is not a URL"],
    [["http://login.example.com"], "[0].url must start with https://"],
    [["https://a.example?x"], "[0].url must not have a query or fragment"],
    [[URL, URL], "[1].url is that of another provider"],
    [[{ url: URL, name: "x" }], "[0].name is not known; known are url, operator, validFor, majorApiVersion"],
    [[{ url: URL, majorApiVersion: 2 }], "[0].majorApiVersion must be 1, the only one that clients know"],
    [[{ url: URL, operator: "" }], "[0].operator must be text of 1 to 256 characters"],
    [[{ url: URL, validFor: START }], "[0].validFor must have start, may have end, and nothing else"],
    [[{ url: URL, validFor: {} }], "[0].validFor.start must be a time in UTC, such as 2027-01-01T00:00:00Z"],
    [
      [{ url: URL, validFor: { start: "2026-13-01T00:00:00Z" } }],
      "[0].validFor.start must be a time in UTC, such as 2027-01-01T00:00:00Z",
    ],
    [[{ url: URL, validFor: { start: END, end: START } }], "[0].validFor.end must be a later time in UTC"],
  ])("%j", (json, problem) => expect(parse(json)).toEqual({ ok: false, error: problem }));

  it("text that is not JSON", () => {
    expect(parseOidcProviders("https://a.example")).toEqual({
      ok: false,
      error: "must be a JSON list of OpenID providers",
    });
  });
});
