// SPDX-License-Identifier: Apache-2.0
// A provider's discovery document can send this deployment to https addresses of others, and nowhere else.

import { beforeEach, describe, expect, it } from "vitest";
import { createFetchOutside } from "../../../../shared/http/outside.ts";
import { ok, type Result } from "../../../../shared/result.ts";
import { unixMs } from "../../../../shared/time.ts";
import { makeIssuerKey, signToken } from "../../../../test/support/authority/identity-token.ts";
import { valueOf } from "../../../../test/support/value-of.ts";
import { PLATFORM } from "../../platform.ts";
import type { Connector, ConnectorError, Known } from "../connector.ts";
import { createConnector } from "../registry.ts";

const ISSUER = "https://login.example.com";
const KEY = makeIssuerKey("k");
const NOW = Math.floor(Date.now() / 1000);
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/keys`,
  userinfo_endpoint: `${ISSUER}/userinfo`,
  id_token_signing_alg_values_supported: ["RS256"],
};

let asked: string[];
let answers: Record<string, () => Response>;
beforeEach(() => {
  asked = [];
  // Without an address in the token, the connector asks the userinfo endpoint.
  const claims = { iss: ISSUER, sub: "1", aud: "c", nonce: "n", iat: NOW, exp: NOW + 60 };
  const tokens = { id_token: signToken(claims, KEY), access_token: "t", token_type: "Bearer" };
  answers = {
    "/.well-known/openid-configuration": () => Response.json(METADATA),
    "/token": () => Response.json(tokens),
    "/keys": () => Response.json({ keys: [KEY.jwk] }),
    "/userinfo": () => Response.json({ sub: "1", email: "alice@example.com", email_verified: true }),
  };
});

function createExample(clientId = "c"): Connector {
  const fetchOutside = createFetchOutside({
    fetch: async (url) => {
      asked.push(url);
      return answers[new URL(url).pathname]?.() ?? new Response(null, { status: 404 });
    },
    ownHosts: ["sign.example.com"],
    allowsLoopback: false,
  });
  const policy = {
    allowedDomains: [],
    allowedAddresses: [],
    allowedGroups: [],
    matchGroups: "any",
    match: "any",
  } as const;
  const config = {
    issuer: ISSUER,
    clientId,
    scopes: [],
    clientAuthentication: "basic",
    prompt: null,
    claims: { email: "email", groups: "groups" },
    trustedDomains: [],
    policy,
  } as const;
  const row = { type: "oidc", id: ISSUER, slug: "oidc", name: "Example", config } as const;
  return createConnector(row, { ...PLATFORM, clientSecret: "s", fetchOutside });
}

const request = {
  redirectUri: "https://sign.example.com/oidc/callback/oidc",
  nonce: "n",
  codeVerifier: "v".repeat(43),
};

/** A whole sign-in: the address at the provider, then the way back. */
async function signIn(connector: Connector): Promise<Result<unknown, ConnectorError>> {
  const away = await goAway(connector);
  return away.ok ? comeBack(connector, away.value) : away;
}

/** Returns what the connector has sealed. */
async function goAway(connector: Connector): Promise<Result<Known | null, ConnectorError>> {
  let sealed: Known | null = null;
  const seal = async (known: Known | null): Promise<string> => {
    sealed = known === null ? null : (JSON.parse(JSON.stringify(known)) as Known);
    return "s";
  };
  const address = await connector.authorizationUrl({ ...request, seal, loginHint: null, prompt: null });
  return address.ok ? ok(sealed) : address;
}

function comeBack(connector: Connector, known: Known | null): Promise<Result<unknown, ConnectorError>> {
  const parameters = new URLSearchParams({ code: "x", state: "s" });
  return connector.identify({ ...request, parameters, known, now: unixMs(Date.now()) });
}

describe("an isolate that did not send the browser away", () => {
  it("need not ask again where the provider answers", async () => {
    const away = valueOf(await goAway(createExample()));
    asked = [];
    expect(await comeBack(createExample(), away)).toMatchObject({
      ok: true,
      value: [{ address: "alice@example.com" }],
    });
    expect(asked).toEqual([`${ISSUER}/token`, `${ISSUER}/keys`, `${ISSUER}/userinfo`]);
  });

  it.each([
    ["was told nothing", () => null, "c"],
    ["has another client id by now", (known: Known | null) => known, "d"],
    ["has another provider by now", (known: Known | null) => ["another", ...(known ?? []).slice(1)], "c"],
  ])("asks if it %s", async (_, change, clientId) => {
    const away = change(valueOf(await goAway(createExample())));
    asked = [];
    await comeBack(createExample(clientId), away);
    expect(asked[0]).toBe(`${ISSUER}/.well-known/openid-configuration`);
  });
});

const answerWith = (metadata: object): void => {
  answers["/.well-known/openid-configuration"] = () => Response.json({ ...METADATA, ...metadata });
};

const ADDRESSES = [
  "http://169.254.169.254/latest/meta-data",
  "http://login.example.com/x",
  "https://localhost/x",
  "https://127.0.0.1/x",
  "https://[::1]/x",
  "https://sign.example.com/api/v2/signingCert",
  "https://sign.example.com.:443/x",
  "https://user:password@login.example.com/x",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "//evil.example/x",
  `https://login.example.com/${"x".repeat(600)}`,
];

describe("a discovery document", () => {
  it("is followed to https addresses of others", async () => {
    answerWith({ token_endpoint: "https://tokens.example.net/token" });
    expect(await signIn(createExample())).toMatchObject({ ok: true, value: [{ address: "alice@example.com" }] });
    expect(asked).toEqual([
      `${ISSUER}/.well-known/openid-configuration`,
      "https://tokens.example.net/token",
      `${ISSUER}/keys`,
      `${ISSUER}/userinfo`,
    ]);
  });

  it.each(["token_endpoint", "jwks_uri", "userinfo_endpoint"].flatMap((name) => ADDRESSES.map((url) => [name, url])))(
    "leads by %s to %s, which is not asked",
    async (name = "", url = "") => {
      answerWith({ [name]: url });
      expect(await signIn(createExample())).toMatchObject({ ok: false, error: { code: "upstream_failed" } });
      for (const one of asked) expect(one).toMatch(/^https:\/\/login\.example\.com\/[.a-z/-]{1,40}$/);
    },
  );

  it.each(ADDRESSES.filter((url) => !url.startsWith("https:")))("sends no browser to %s", async (url) => {
    answerWith({ authorization_endpoint: url });
    expect(await signIn(createExample())).toMatchObject({ ok: false, error: { code: "upstream_failed" } });
    expect(asked).toHaveLength(1);
  });

  it.each<readonly [string, () => Response]>([
    ["redirects", () => new Response(null, { status: 302, headers: { location: "https://sign.example.com/" } })],
    ["is huge", () => Response.json({ ...METADATA, x: "x".repeat(300_000) })],
    ["is no JSON", () => new Response("<html>", { headers: { "content-type": "application/json" } })],
    ["names another issuer", () => Response.json({ ...METADATA, issuer: "https://evil.example" })],
    ["names its issuer with a slash", () => Response.json({ ...METADATA, issuer: `${ISSUER}/` })],
  ])("that %s counts for nothing", async (_, answer) => {
    answers["/.well-known/openid-configuration"] = answer;
    expect(await signIn(createExample())).toMatchObject({ ok: false, error: { code: "upstream_failed" } });
    expect(asked).toHaveLength(1);
  });
});
