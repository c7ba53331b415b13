// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { discoveryUrl, parseDiscovery } from "./discovery.ts";

const ISSUER = { url: "https://accounts.google.com", isLoopback: false, pattern: null };
/** https://accounts.google.com/.well-known/openid-configuration, shortened. */
const DOCUMENT = {
  issuer: "https://accounts.google.com",
  authorization_endpoint: "https://accounts.google.com/o/oauth2/v2/auth",
  jwks_uri: "https://www.googleapis.com/oauth2/v3/certs",
  id_token_signing_alg_values_supported: ["RS256"],
};

describe("parseDiscovery", () => {
  it("requires the keys of an issuer that matched a pattern on its own host", () => {
    const issuer = { url: "https://oidc.eks.x.amazonaws.com/id/y", isLoopback: false, pattern: {} };
    const at = (jwks_uri: string): unknown => parseDiscovery({ issuer: issuer.url, jwks_uri }, issuer);
    expect(at("https://oidc.eks.x.amazonaws.com/id/y/keys")).toMatchObject({ ok: true });
    for (const uri of [
      "https://evil.example/keys",
      "https://oidc.eks.z.amazonaws.com/keys",
      "https://oidc.eks.x.amazonaws.com:8443/keys",
    ]) {
      expect(at(uri)).toMatchObject({ error: { reason: "has a jwks_uri on another host than its issuer" } });
    }
  });

  it("finds keys and algorithms", () => {
    expect(parseDiscovery(DOCUMENT, ISSUER)).toEqual({
      ok: true,
      value: { jwksUri: "https://www.googleapis.com/oauth2/v3/certs", algorithms: ["RS256"] },
    });
  });

  it.each([
    [undefined, ["RS256"]],
    [
      ["none", "HS256", "ES256", "EdDSA"],
      ["ES256", "EdDSA"],
    ],
  ])("reads the algorithms %j", (listed, algorithms) => {
    const document = { ...DOCUMENT, id_token_signing_alg_values_supported: listed };
    expect(parseDiscovery(document, ISSUER)).toMatchObject({ ok: true, value: { algorithms } });
  });

  it("allows a loopback issuer a key set on a loopback address", () => {
    const document = { issuer: "http://localhost:9", jwks_uri: "http://localhost:9/keys" };
    expect(parseDiscovery(document, { url: "http://localhost:9", isLoopback: true, pattern: null }).ok).toBe(true);
  });

  it.each([
    ["null", null],
    ["a string", "x"],
    ["of another issuer", { ...DOCUMENT, issuer: "https://evil.example" }],
    ["of the issuer with a slash", { ...DOCUMENT, issuer: "https://accounts.google.com/" }],
    ["without issuer", { ...DOCUMENT, issuer: undefined }],
    ["without jwks_uri", { ...DOCUMENT, jwks_uri: undefined }],
    ["with a jwks_uri that is no URL", { ...DOCUMENT, jwks_uri: "keys" }],
    ["with a jwks_uri over http", { ...DOCUMENT, jwks_uri: "http://www.googleapis.com/keys" }],
    ["with a jwks_uri on this machine", { ...DOCUMENT, jwks_uri: "https://localhost/keys" }],
    ["with a jwks_uri with a password", { ...DOCUMENT, jwks_uri: "https://a:b@example.com/keys" }],
    ["with a jwks_uri of another scheme", { ...DOCUMENT, jwks_uri: "data:application/json,{}" }],
    ["with no algorithm of ours", { ...DOCUMENT, id_token_signing_alg_values_supported: ["HS256", "none"] }],
  ])("rejects a document %s", (_, document) => {
    expect(parseDiscovery(document, ISSUER)).toMatchObject({ ok: false, error: { code: "discovery_invalid" } });
  });
});

it.each([
  ["https://a.example", "https://a.example/.well-known/openid-configuration"],
  ["https://a.example/", "https://a.example/.well-known/openid-configuration"],
  ["https://a.example/x/", "https://a.example/x/.well-known/openid-configuration"],
  ["https://a.example/x//", "https://a.example/x//.well-known/openid-configuration"],
])("the document of %s is at %s", (issuer, url) => {
  expect(discoveryUrl(issuer)).toBe(url);
});
