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
