// SPDX-License-Identifier: Apache-2.0
// The OpenID provider over HTTP, used as any relying party does: discovery, then verification with its keys.

import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startStack, type TestStack } from "../support/process/stack.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const ask = (body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${stack.url}/oidc/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

describe("the issuer over HTTP", () => {
  test("is discoverable, and its tokens verify with its keys", async () => {
    const discovered = await fetch(`${stack.url}/oidc/.well-known/openid-configuration`);
    const { issuer, jwks_uri } = (await discovered.json()) as { readonly issuer: string; readonly jwks_uri: string };
    expect(issuer).toBe(`${stack.url}/oidc`);
    const keys = createRemoteJWKSet(new URL(jwks_uri));
    const claims = { issuer, audience: "sigstore", algorithms: ["RS256"] };
    const { payload } = await jwtVerify(await stack.token("alice@example.com"), keys, claims);
    expect(payload).toMatchObject({ email: "alice@example.com", email_verified: true, sub: "alice@example.com" });
    const expired = await stack.token("alice@example.com", { expiresIn: -1 });
    await expect(jwtVerify(expired, keys, claims)).rejects.toMatchObject({ code: "ERR_JWT_EXPIRED" });
    const elsewhere = await stack.token("alice@example.com", { audience: "elsewhere" });
    await expect(jwtVerify(elsewhere, keys, claims)).rejects.toMatchObject({ claim: "aud" });
  });

  test("keeps its key across a restart", async () => {
    const keys = async (): Promise<string> => (await fetch(`${stack.url}/oidc/jwks`)).text();
    const before = await keys();
    await stack.restart();
    expect(await keys()).toBe(before);
  });
});

describe("the development issuer over HTTP", () => {
  test("answers with one JWT as identity token and access token", async () => {
    const answer = await ask('{"email":"alice@example.com"}');
    expect(answer.status).toBe(200);
    const grant = (await answer.json()) as Readonly<Record<string, unknown>>;
    expect(grant).toStrictEqual({
      id_token: grant["id_token"],
      access_token: grant["id_token"],
      token_type: "Bearer",
      expires_in: 600,
    });
  });

  test.each([
    { body: "{", problem: "is not JSON" },
    { body: '{"email":"alice"}', problem: "needs an e-mail address in email" },
    { body: '{"email":"a@b","admin":true}', problem: 'has a wrong or unknown field: "admin"' },
    { body: '{"email":"a@b","expiresIn":100000}', problem: "has an expiresIn beyond 86400 seconds" },
  ])("rejects $body with 400", async ({ body, problem }) => {
    const answer = await ask(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toStrictEqual({
      error: "invalid_request",
      error_description: `the request ${problem}`,
    });
  });

  test("is unusable for a page of another origin", async () => {
    const form = await ask('{"email":"a@b"}', { "content-type": "text/plain", origin: "https://evil.example" });
    expect(form.status).toBe(415);
    const preflight = await fetch(`${stack.url}/oidc/dev/token`, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(405);
    const granted = await ask('{"email":"a@b"}', { origin: "https://evil.example" });
    for (const answer of [form, preflight, granted])
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("rejects other methods and bodies that are too large", async () => {
    const wrong = await fetch(`${stack.url}/oidc/dev/token`);
    expect([wrong.status, wrong.headers.get("allow")]).toStrictEqual([405, "POST"]);
    expect((await ask(`{"email":"${"a".repeat(5000)}"}`)).status).toBe(413);
  });

  test("writes no token to the log", async () => {
    const token = await stack.token("bob@example.com");
    const [, , signature = ""] = token.split(".");
    expect(JSON.stringify(stack.logs)).not.toContain(signature);
    expect(JSON.stringify(stack.logs)).not.toContain("bob@example.com");
  });
});
