// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync } from "node:crypto";
import { createLocalJWKSet, decodeProtectedHeader, type JWTVerifyResult, jwtVerify } from "jose";
import { afterEach, describe, expect, test, vi } from "vitest";
import { OIDC_CONTEXT, oidcEnv } from "../../test/support/authority/oidc-env.ts";
import type { OidcEnv } from "../oidc/env.ts";
import service from "../oidc/index.ts";
import { DEV_TOKEN_PATH, issueDevToken } from "./dev-token.ts";

const PUBLIC_URL = "http://localhost:8787";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const OIDC_KEY = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const env: OidcEnv = oidcEnv({ PUBLIC_URL, OIDC_KEY });

interface Grant {
  readonly id_token: string;
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
}

const ask = (body: string, at = PUBLIC_URL, settings = env): Promise<Response> =>
  issueDevToken(
    new Request(`${at}${DEV_TOKEN_PATH}`, { method: "POST", body, headers: { "content-type": "application/json" } }),
    oidcEnv(settings),
  );
const grant = async (request: object): Promise<Grant> => (await (await ask(JSON.stringify(request))).json()) as Grant;

/** Verifies with the keys that the service serves, as the CA does. */
async function verify(token: string, audience = "sigstore"): Promise<JWTVerifyResult> {
  const served = await (await service.fetch(new Request(`${PUBLIC_URL}/oidc/jwks`), env, OIDC_CONTEXT)).json();
  return jwtVerify(token, createLocalJWKSet(served as never), {
    issuer: "http://localhost:8787/oidc",
    audience,
    algorithms: ["RS256"],
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("POST /oidc/dev/token", () => {
  test("issues a token that verifies with the served keys", async () => {
    const answer = await ask('{"email":"alice@example.com"}');
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toStrictEqual({
      "cache-control": "no-store",
      "content-type": "application/json",
    });
    const { id_token, ...rest } = (await answer.json()) as Grant;
    expect(rest).toStrictEqual({ access_token: id_token, token_type: "Bearer", expires_in: 600 });
    const { payload, protectedHeader } = await verify(id_token);
    const { iat = 0 } = payload;
    expect(payload).toStrictEqual({
      iss: "http://localhost:8787/oidc",
      sub: "alice@example.com",
      aud: "sigstore",
      exp: iat + 600,
      iat,
      email: "alice@example.com",
      email_verified: true,
      federated_claims: { connector_id: "http://localhost:8787/oidc", user_id: "alice@example.com" },
    });
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(5);
    expect(protectedHeader).toMatchObject({ alg: "RS256", kid: decodeProtectedHeader(id_token).kid });
  });

  test("accepts an audience and a lifetime, even a negative one", async () => {
    const other = await grant({ email: "a@b", audience: "elsewhere", expiresIn: 60 });
    expect(other.expires_in).toBe(60);
    expect((await verify(other.id_token, "elsewhere")).payload.aud).toBe("elsewhere");
    await expect(verify(other.id_token)).rejects.toMatchObject({ code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
    const expired = await grant({ email: "a@b", expiresIn: -60 });
    expect(expired.expires_in).toBe(-60);
    await expect(verify(expired.id_token)).rejects.toMatchObject({ code: "ERR_JWT_EXPIRED" });
  });

  test.each([
    { body: "", problem: "is not JSON" },
    { body: "{", problem: "is not JSON" },
    { body: '{"email":"a@b","email":"c@d"}', problem: "is not JSON" },
    { body: "[]", problem: "has a wrong or unknown field" },
    { body: "null", problem: "has a wrong or unknown field" },
    { body: '{"email":"a@b","groups":[]}', problem: 'has a wrong or unknown field: "groups"' },
    { body: '{"email":1}', problem: 'has a wrong or unknown field: "email"' },
    { body: '{"email":"a@b","audience":["x"]}', problem: 'has a wrong or unknown field: "audience"' },
    { body: '{"email":"a@b","expiresIn":"60"}', problem: 'has a wrong or unknown field: "expiresIn"' },
    { body: '{"email":"a@b","expiresIn":1.5}', problem: 'has a wrong or unknown field: "expiresIn"' },
    { body: '{"email":"a@b","expiresIn":86401}', problem: "has an expiresIn beyond 86400 seconds" },
    { body: '{"email":"a@b","expiresIn":-86401}', problem: "has an expiresIn beyond 86400 seconds" },
    { body: '{"email":"a@b","audience":""}', problem: "has an empty or too long audience" },
    { body: `{"email":"a@b","audience":"${"x".repeat(256)}"}`, problem: "has an empty or too long audience" },
    { body: "{}", problem: "needs an e-mail address in email" },
    { body: '{"email":null}', problem: "needs an e-mail address in email" },
    { body: '{"email":""}', problem: "needs an e-mail address in email" },
    { body: '{"email":"alice"}', problem: "needs an e-mail address in email" },
    { body: '{"email":"@example.com"}', problem: "needs an e-mail address in email" },
    { body: '{"email":"a@"}', problem: "needs an e-mail address in email" },
    { body: '{"email":"a@b@c"}', problem: "needs an e-mail address in email" },
    { body: '{"email":"a b@c"}', problem: "needs an e-mail address in email" },
    { body: '{"email":"ä@c"}', problem: "needs an e-mail address in email" },
    { body: '{"email":"a@b\\n"}', problem: "needs an e-mail address in email" },
    { body: `{"email":"${"a".repeat(253)}@b"}`, problem: "needs an e-mail address in email" },
  ])("rejects $body with 400", async ({ body, problem }) => {
    const answer = await ask(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toStrictEqual({
      error: "invalid_request",
      error_description: `the request ${problem}`,
    });
  });

  test("rejects more than 4 KiB with 413", async () => {
    const answer = await ask(JSON.stringify({ email: "a@b", audience: "x".repeat(4096) }));
    expect(answer.status).toBe(413);
    expect(await answer.json()).toStrictEqual({
      error: "invalid_request",
      error_description: "the request is larger than 4096 bytes",
    });
  });

  test.each([
    null,
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonx",
    "text/plain;application/json",
  ])("rejects the type %s with 415, which a page of another origin could send without a preflight", async (type) => {
    const headers = type === null ? {} : { "content-type": type };
    const body = new Blob(['{"email":"a@b"}']);
    const answer = await issueDevToken(
      new Request(`${PUBLIC_URL}${DEV_TOKEN_PATH}`, { method: "POST", body, headers }),
      env,
    );
    expect(answer.status).toBe(415);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  test.each(["GET", "PUT", "OPTIONS"])("rejects %s with 405 and no CORS header", async (method) => {
    const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
    const answer = await issueDevToken(new Request(`${PUBLIC_URL}${DEV_TOKEN_PATH}`, { method, headers }), env);
    expect([answer.status, answer.headers.get("allow")]).toStrictEqual([405, "POST"]);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  test.each([
    { what: "a deployment in public", publicUrl: "https://sigstore.example.com", at: "https://sigstore.example.com" },
    {
      what: "a deployment in public, asked by a loopback name",
      publicUrl: "https://sigstore.example.com",
      at: PUBLIC_URL,
    },
    { what: "a name that was rebound to this machine", publicUrl: PUBLIC_URL, at: "http://evil.example:8787" },
    { what: "a name that begins like a loopback address", publicUrl: PUBLIC_URL, at: "http://127.0.0.1.evil.example" },
  ])("rejects $what with 403", async ({ publicUrl, at }) => {
    const answer = await ask('{"email":"a@b"}', at, { PUBLIC_URL: publicUrl, OIDC_KEY });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toStrictEqual({
      error: "access_denied",
      error_description: "the development issuer answers only on a loopback host",
    });
  });

  test.each(["http://127.0.0.1:8787", "http://127.0.0.2:8787", "http://[::1]:8787"])("answers on %s", async (at) => {
    expect((await ask('{"email":"a@b"}', at, { PUBLIC_URL: at, OIDC_KEY })).status).toBe(200);
  });

  test("reports missing settings", async () => {
    const answer = await ask('{"email":"a@b"}', PUBLIC_URL, { PUBLIC_URL });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ message: "this deployment is not configured: OIDC_KEY is missing" });
  });

  test("logs nothing of a token", async () => {
    const lines = (["log", "info", "warn", "error", "debug"] as const).map((level) => vi.spyOn(console, level));
    await grant({ email: "a@b" });
    for (const line of lines) expect(line).not.toHaveBeenCalled();
  });
});
