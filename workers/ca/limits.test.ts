// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  bodyOf,
  emailClaims,
  ISSUER,
  ISSUER_KEY,
  makeService,
  muteConsole,
  requestChain,
} from "../../test/support/authority/ca-service.ts";
import { makeIssuerKey, signToken } from "../../test/support/authority/identity-token.ts";

muteConsole();

const exhausted = { limit: async () => ({ success: false }) };

describe("the rate limits", () => {
  const TOO_MANY = "too many requests from this network; try again later";

  it.each(["/api/v2/signingCert", "/api/v1/signingCert", "/api/identity/explain"])(
    "reject %s from a limited address with 429 before reading its body",
    async (path) => {
      const { fetch } = makeService({ WRITES: exhausted });
      const init = { method: "POST", body: "{", headers: { "cf-connecting-ip": "192.0.2.1" } };
      const response = await fetch(path, init);
      expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
        429,
        "60",
        { code: 8, message: TOO_MANY, details: [] },
      ]);
    },
  );

  it("count addresses, and identities whose token verifies", async () => {
    const keys: string[] = [];
    const counting = { limit: async ({ key }: { readonly key: string }) => ({ success: keys.push(key) > 0 }) };
    const { post, clock } = makeService({ WRITES: counting, IDENTITIES: counting });
    const headers = { "cf-connecting-ip": "192.0.2.1" };
    await requestChain(await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY)), { headers }));
    await post(bodyOf(signToken(emailClaims(clock), makeIssuerKey("x"))), { headers });
    const client = "sigstore.example.com certificates 192.0.2.1";
    const identity = createHash("sha256").update(`${ISSUER} alice@example.com`).digest("hex");
    expect(keys).toEqual([client, `sigstore.example.com identity ${identity}`, client]);
  });

  it("reject a limited identity with 429 before logging anything", async () => {
    const { post, clock, log } = makeService({ IDENTITIES: exhausted });
    const response = await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY)));
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(log.submissions).toEqual([]);
  });
});
