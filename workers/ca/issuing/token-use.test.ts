// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { type Clock, jwksOf } from "../../../test/support/authority/ca.ts";
import {
  bodyOf,
  DEX_KEY,
  emailClaims,
  GITHUB,
  GITHUB_KEY,
  ISSUER_KEY,
  makeService,
  muteConsole,
} from "../../../test/support/authority/ca-service.ts";
import { signToken } from "../../../test/support/authority/identity-token.ts";

muteConsole();

describe("an issuer with one-time tokens", () => {
  const ONCE = JSON.stringify([
    { "issuer-url": GITHUB, type: "email", "one-time-tokens": true, jwks: jwksOf(GITHUB_KEY, DEX_KEY) },
  ]);
  const tokenOf = (clock: Clock, key = GITHUB_KEY, header = {}): string =>
    signToken({ ...emailClaims(clock), iss: GITHUB }, key, header);
  const USED = "it has already been used, and each token of its issuer is valid for one certificate; request a new one";

  it("yields one certificate for concurrent requests with one token", async () => {
    const { post, clock, log } = makeService({ ISSUERS: ONCE });
    const body = bodyOf(tokenOf(clock));
    const responses = await Promise.all(Array.from({ length: 10 }, () => post(body)));
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array<number>(9).fill(400),
    ]);
    const rejected = responses.find(({ status }) => status === 400);
    expect(await rejected?.json()).toMatchObject({ message: expect.stringContaining(USED) });
    expect(log.submissions).toHaveLength(1);
  });

  it("recognizes a used token under another signature", async () => {
    const { post, clock } = makeService({ ISSUERS: ONCE });
    const token = tokenOf(clock, DEX_KEY, { alg: "ES256" });
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const [header, payload, signature = ""] = token.split(".");
    const raw = Buffer.from(signature, "base64url");
    const s = order - BigInt(`0x${raw.subarray(32).toString("hex")}`);
    const other = Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
    expect((await post(bodyOf(token))).status).toBe(200);
    const again = await post(bodyOf([header, payload, other.toString("base64url")].join(".")));
    expect([again.status, await again.json()]).toMatchObject([400, { message: expect.stringContaining(USED) }]);
  });

  it("accepts a token again after a known failure, not after an unknown outcome", async () => {
    const { post, clock, log } = makeService({ ISSUERS: ONCE });
    const body = bodyOf(tokenOf(clock));
    expect((await post({ ...body, publicKeyRequest: {} })).status).toBe(400);
    log.failure = { code: "log_busy", retryAfterSeconds: 1 };
    expect((await post(body)).status).toBe(503);
    log.failure = new Error("connection lost");
    expect((await post(body)).status).toBe(503);
    log.failure = null;
    expect((await post(body)).status).toBe(400);
  });

  it("is the exception: other tokens yield several certificates", async () => {
    const { post, clock } = makeService();
    const body = bodyOf(signToken(emailClaims(clock), ISSUER_KEY));
    expect([(await post(body)).status, (await post(body)).status]).toEqual([200, 200]);
  });
});

describe("a token of the built-in issuer", () => {
  const PROVIDER = "https://sigstore.example.com/oidc";
  const CONNECTORS = JSON.stringify([
    { type: "oidc", name: "Work", slug: "work", config: { issuer: "https://id.example", clientID: "x" } },
  ]);
  const claims = { iss: PROVIDER, federated_claims: { connector_id: "https://id.example", user_id: "u" } };
  const asked: string[] = [];
  const makeProviderService = (isRevoked: (tokenId: string) => Promise<boolean>) =>
    makeService({
      OIDC_CONNECTORS: CONNECTORS,
      OIDC: {
        jwks: async () => jwksOf(ISSUER_KEY),
        isRevoked: (tokenId: string) => {
          asked.push(tokenId);
          return isRevoked(tokenId);
        },
      } as never,
    });

  it("yields no certificate once it is revoked, and explain says so", async () => {
    const { post, fetch, clock, log } = makeProviderService(async (tokenId) => tokenId === "revoked");
    const tokenOf = (jti: string) => signToken({ ...emailClaims(clock), ...claims, jti }, ISSUER_KEY);
    expect((await post(bodyOf(tokenOf("good")))).status).toBe(200);
    const refused = await post(bodyOf(tokenOf("revoked")));
    const message = expect.stringContaining("it is revoked, because the code that yielded it was used a second time");
    expect([refused.status, await refused.json()]).toEqual([400, { code: 3, message, details: [] }]);
    const init = { method: "POST", body: JSON.stringify(bodyOf(tokenOf("revoked"))) };
    const explained = await fetch("/api/identity/explain", init);
    expect(await explained.json()).toMatchObject({ granted: false, check: "token_revoked", message });
    expect(log.submissions).toHaveLength(1);
  });

  it("yields no certificate while the issuer cannot say whether it is revoked", async () => {
    const { post, clock, log } = makeProviderService(() => Promise.reject(new Error("connection lost")));
    const answer = await post(bodyOf(signToken({ ...emailClaims(clock), ...claims, jti: "t" }, ISSUER_KEY)));
    expect([answer.status, log.submissions.length]).toEqual([503, 0]);
  });

  it("is asked about if it verifies and has an id; tokens of other issuers are not", async () => {
    const { post, clock } = makeProviderService(async () => false);
    asked.length = 0;
    const good = { ...emailClaims(clock), ...claims, jti: "t" };
    expect((await post(bodyOf(signToken({ ...good, jti: undefined }, ISSUER_KEY)))).status).toBe(200);
    expect((await post(bodyOf(signToken({ ...emailClaims(clock), jti: "t" }, ISSUER_KEY)))).status).toBe(200);
    expect((await post(bodyOf(signToken(good, GITHUB_KEY)))).status).toBe(400);
    expect(asked).toEqual([]);
    expect((await post(bodyOf(signToken(good, ISSUER_KEY)))).status).toBe(200);
    expect(asked).toEqual(["t"]);
  });
});
