// SPDX-License-Identifier: Apache-2.0

import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, importJWK } from "jose";
import { describe, expect, test, vi } from "vitest";
import { IN_FLIGHT_MS } from "../../shared/trust/retired-keys.ts";
import { OIDC_CONTEXT, oidcEnv } from "../../test/support/authority/oidc-env.ts";
import type { OidcEnv } from "./env.ts";
import service, { OidcKeys } from "./index.ts";

const PUBLIC_URL = "https://sigstore.example.com";
const pkcs8 = (key: {
  privateKey: { export: (options: { type: "pkcs8"; format: "pem" }) => string | Buffer };
}): string => key.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();
const OIDC_KEY = pkcs8(generateKeyPairSync("rsa", { modulusLength: 2048 }));
const env: OidcEnv = oidcEnv({ PUBLIC_URL, OIDC_KEY });

const ask = (path: string, method = "GET", settings: OidcEnv = env): Promise<Response> =>
  service.fetch(new Request(`${PUBLIC_URL}${path}`, { method }), oidcEnv(settings), OIDC_CONTEXT);

describe("GET /oidc/.well-known/openid-configuration", () => {
  test("names issuer, keys and algorithm, and nothing that is not served", async () => {
    const answer = await ask("/oidc/.well-known/openid-configuration");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    expect(await answer.json()).toStrictEqual({
      issuer: "https://sigstore.example.com/oidc",
      jwks_uri: "https://sigstore.example.com/oidc/jwks",
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid", "email"],
      claims_supported: ["iss", "sub", "aud", "exp", "iat", "email", "email_verified"],
    });
  });
});

describe("GET /oidc/jwks", () => {
  test("contains the public key under its thumbprint, and no private part", async () => {
    const answer = await ask("/oidc/jwks");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    const { keys } = (await answer.json()) as { readonly keys: readonly Record<string, string>[] };
    const [jwk = {}] = keys;
    expect(keys).toHaveLength(1);
    expect(Object.keys(jwk).toSorted()).toStrictEqual(["alg", "e", "kid", "kty", "n", "use"]);
    expect(jwk).toMatchObject({ kty: "RSA", use: "sig", alg: "RS256", e: "AQAB" });
    expect(jwk["kid"]).toBe(await calculateJwkThumbprint(jwk, "sha256"));
    expect(await importJWK(jwk)).toMatchObject({ type: "public" });
  });

  test("lists previous and coming keys after the signing key", async () => {
    const others = [0, 1].map(() => generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey);
    const OTHER_OIDC_KEYS = others.map(pem).join("");
    const answer = await ask("/oidc/jwks", "GET", { ...env, OTHER_OIDC_KEYS });
    const { keys } = (await answer.json()) as { readonly keys: readonly Record<string, string>[] };
    const inUse: unknown = await (await ask("/oidc/jwks")).json();
    expect(inUse).toStrictEqual({ keys: keys.slice(0, 1) });
    expect(keys.slice(1).map(({ n }) => n)).toStrictEqual(others.map((key) => key.export({ format: "jwk" }).n));
    for (const jwk of keys) expect(jwk["kid"]).toBe(await calculateJwkThumbprint(jwk, "sha256"));
    expect(await new OidcKeys({} as ExecutionContext, { ...env, OTHER_OIDC_KEYS }).jwks()).toStrictEqual({ keys });
  });

  test.each([
    { compromised: false, atMs: IN_FLIGHT_MS - 1, isListed: true },
    { compromised: false, atMs: IN_FLIGHT_MS, isListed: false },
    { compromised: true, atMs: -1, isListed: true },
    { compromised: true, atMs: 0, isListed: false },
  ])("lists a former key while its tokens are accepted: $compromised at $atMs ms", async (row) => {
    const { compromised, atMs, isListed } = row;
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const retired = "2026-11-29T12:00:00Z";
    const sha256 = createHash("sha256")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest("hex");
    const RETIRED_KEYS = JSON.stringify([{ sha256, retired, compromised }]);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(retired) + atMs });
    const settings = { ...env, OTHER_OIDC_KEYS: pem(publicKey), RETIRED_KEYS };
    const served = (await (await ask("/oidc/jwks", "GET", settings)).json()) as { readonly keys: readonly unknown[] };
    const called = await new OidcKeys({} as ExecutionContext, oidcEnv(settings)).jwks();
    vi.useRealTimers();
    expect([served.keys.length, called.keys.length]).toEqual(isListed ? [2, 2] : [1, 1]);
  });

  test.each([
    ["x", "OTHER_OIDC_KEYS must be PEM text of public keys (BEGIN PUBLIC KEY)"],
    [OIDC_KEY, "OTHER_OIDC_KEYS must be PEM text of public keys (BEGIN PUBLIC KEY)"],
    [pem(generateKeyPairSync("ec", { namedCurve: "prime256v1" }).publicKey), "OTHER_OIDC_KEYS must be an RSA key"],
  ])("rejects other keys that are not public keys", async (OTHER_OIDC_KEYS, problem) => {
    const settings = { ...env, OTHER_OIDC_KEYS };
    await expect(new OidcKeys({} as ExecutionContext, settings).jwks()).rejects.toThrow(problem);
  });

  test("is what the CA reads by RPC", async () => {
    const served: unknown = await (await ask("/oidc/jwks")).json();
    // The fake of cloudflare:workers accepts any context.
    const entrypoint = new OidcKeys({} as ExecutionContext, env);
    expect(await entrypoint.jwks()).toStrictEqual(served);
  });

  test("rejects the RPC without a key, which is not the same as an empty key set", async () => {
    const entrypoint = new OidcKeys({} as ExecutionContext, oidcEnv({ PUBLIC_URL }));
    await expect(entrypoint.jwks()).rejects.toThrow("OIDC_KEY is missing");
  });
});

describe("the service", () => {
  test("answers HEAD as GET without a body", async () => {
    const answer = await ask("/oidc/jwks", "HEAD");
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toStrictEqual([
      200,
      "application/json",
      "",
    ]);
  });

  test.each(["POST", "PUT", "DELETE"])("rejects %s with 405", async (method) => {
    const answer = await ask("/oidc/jwks", method);
    expect([answer.status, answer.headers.get("allow")]).toStrictEqual([405, "GET, HEAD"]);
    expect(await answer.json()).toStrictEqual({ error: "invalid_request", error_description: "use GET, HEAD" });
  });

  test.each(["/oidc", "/oidc/", "/oidc/jwks.json", "/oidc/dev/token"])("has no %s", async (path) => {
    for (const method of ["GET", "POST"]) {
      const answer = await ask(path, method);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toStrictEqual({
        error: "not_found",
        error_description: "the issuer has no such path",
      });
    }
  });

  test.each([
    { what: "nothing", settings: {}, problem: "PUBLIC_URL is missing; OIDC_KEY is missing" },
    {
      what: "no PEM",
      settings: { PUBLIC_URL, OIDC_KEY: "x" },
      problem: "OIDC_KEY must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)",
    },
    {
      what: "an EC key",
      settings: { PUBLIC_URL, OIDC_KEY: pkcs8(generateKeyPairSync("ec", { namedCurve: "P-256" })) },
      problem: "OIDC_KEY must be an RSA key",
    },
    {
      what: "a short key",
      settings: { PUBLIC_URL, OIDC_KEY: pkcs8(generateKeyPairSync("rsa", { modulusLength: 1024 })) },
      problem: "OIDC_KEY must have 2048 to 4096 bits",
    },
    {
      what: "a plain-http address",
      settings: { PUBLIC_URL: "http://sigstore.example.com", OIDC_KEY },
      problem: "PUBLIC_URL must start with https:// (http is for loopback hosts only)",
    },
  ])("with $what answers 503 on every route", async ({ settings, problem }) => {
    for (const path of ["/oidc/jwks", "/oidc/other"]) {
      const answer = await ask(path, "GET", settings);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toStrictEqual({
        code: 14,
        message: `this deployment is not configured: ${problem}`,
        details: [],
      });
    }
  });
});
