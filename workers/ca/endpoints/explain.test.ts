// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { type Clock, jwksOf } from "../../../test/support/authority/ca.ts";
import {
  bodyOf,
  type CaService,
  emailClaims,
  GITHUB,
  GITHUB_KEY,
  ISSUER,
  ISSUER_KEY,
  keyRequest,
  makeService,
  muteConsole,
} from "../../../test/support/authority/ca-service.ts";
import { signToken } from "../../../test/support/authority/identity-token.ts";
import type { CaEnv } from "../env.ts";

muteConsole();

describe("POST /api/identity/explain", () => {
  const ask = (service: CaService, body: object): Promise<Response> =>
    service.fetch("/api/identity/explain", { method: "POST", body: JSON.stringify(body) });
  const credentials = (token: string): object => ({ credentials: { oidcIdentityToken: token } });

  it("describes the certificate without side effects", async () => {
    const service = makeService();
    const token = signToken({ ...emailClaims(service.clock), jti: "x" }, ISSUER_KEY);
    const response = await ask(service, credentials(token));
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await response.json()).toEqual({
      granted: true,
      issuer: ISSUER,
      issuerType: "email",
      subjectAltName: { type: "email", value: "alice@example.com" },
      extensions: [
        { oid: "1.3.6.1.4.1.57264.1.1", name: "issuer", value: ISSUER },
        { oid: "1.3.6.1.4.1.57264.1.8", name: "issuerV2", value: ISSUER },
        { oid: "1.3.6.1.4.1.57264.1.24", name: "tokenSubject", value: "user-1" },
      ],
      lifetimeSeconds: 600,
      key: null,
      challenges: ["alice@example.com", "user-1"],
      usableOnce: false,
    });
    expect(service.log.submissions).toEqual([]);
    expect(console.log).not.toHaveBeenCalled();
    expect(console.error).not.toHaveBeenCalled();
  });

  it("verifies the key if there is one", async () => {
    const service = makeService();
    const token = signToken(emailClaims(service.clock), ISSUER_KEY);
    expect(await (await ask(service, bodyOf(token))).json()).toMatchObject({ granted: true, key: "ecdsa-p256" });
    expect(await (await ask(service, bodyOf(token, keyRequest("bob@example.com")))).json()).toEqual({
      granted: false,
      check: "proof_invalid",
      message: expect.stringMatching(/^The signature supplied in the request could not be verified: /) as string,
    });
  });

  it.each([
    ["token_missing", () => ({})],
    ["token_expired", (clock: Clock) => credentials(signToken({ ...emailClaims(clock), exp: 1 }, ISSUER_KEY))],
    [
      "issuer_unknown",
      (clock: Clock) => credentials(signToken({ ...emailClaims(clock), iss: "https://x.example" }, ISSUER_KEY)),
    ],
    [
      "email_unverified",
      (clock: Clock) => credentials(signToken({ ...emailClaims(clock), email_verified: false }, ISSUER_KEY)),
    ],
    [
      "token_signature_invalid",
      (clock: Clock) => credentials(signToken(emailClaims(clock), { ...GITHUB_KEY, keyId: "operator" })),
    ],
  ])("names the check that rejects the token: %s", async (check, body) => {
    const service = makeService();
    const response = await ask(service, body(service.clock));
    expect([response.status, await response.json()]).toMatchObject([200, { granted: false, check }]);
  });

  it("does not use a one-time token", async () => {
    const row = { "issuer-url": GITHUB, type: "email", "one-time-tokens": true, jwks: jwksOf(GITHUB_KEY) };
    const service = makeService({ ISSUERS: JSON.stringify([row]) });
    const token = signToken({ ...emailClaims(service.clock), iss: GITHUB }, GITHUB_KEY);
    expect(await (await ask(service, credentials(token))).json()).toMatchObject({ granted: true, usableOnce: true });
    expect((await service.post(bodyOf(token))).status).toBe(200);
  });

  it("reports that a one-time token has been used", async () => {
    const row = { "issuer-url": GITHUB, type: "email", "one-time-tokens": true, jwks: jwksOf(GITHUB_KEY) };
    const service = makeService({ ISSUERS: JSON.stringify([row]) });
    const token = signToken({ ...emailClaims(service.clock), iss: GITHUB }, GITHUB_KEY);
    expect((await service.post(bodyOf(token))).status).toBe(200);
    for (let i = 0; i < 2; i++) {
      expect(await (await ask(service, credentials(token))).json()).toMatchObject({
        granted: false,
        check: "token_used",
      });
    }
  });

  it("does not look up tokens that may be used several times", async () => {
    const service = makeService({
      USED_TOKENS: {
        getByName: () => {
          throw new Error("looked up");
        },
      } as unknown as CaEnv["USED_TOKENS"],
    });
    const response = await ask(service, credentials(signToken(emailClaims(service.clock), ISSUER_KEY)));
    expect(await response.json()).toMatchObject({ granted: true });
  });

  it("answers 503 if the CA's own certificate has expired", async () => {
    const service = makeService();
    service.clock.advance(4 * 365 * 86_400_000);
    const response = await ask(service, credentials(signToken(emailClaims(service.clock), ISSUER_KEY)));
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { message: expect.stringContaining("the CA certificate is valid from") as string },
    ]);
  });

  it("reports claims that are too large just as an issuance does", async () => {
    const repeated = "{{ .long }}".repeat(20);
    const row = { "issuer-url": GITHUB, type: "ci-provider", "ci-provider": "own", jwks: jwksOf(GITHUB_KEY) };
    const own = {
      "subject-alternative-name-template": "https://ci.example/{{ .sub }}",
      "extension-templates": { "build-config-uri": repeated },
    };
    const configured = { "oidc-issuers": { [GITHUB]: row }, "ci-issuer-metadata": { own } };
    const service = makeService({ ISSUERS: JSON.stringify(configured) });
    const tokenOf = (length: number): string =>
      signToken({ ...emailClaims(service.clock), iss: GITHUB, long: "é".repeat(length) }, GITHUB_KEY);
    const message =
      "There was an error processing the identity token: its claims produce a name and extensions of more than 12288 bytes in total";
    for (const [length, status] of [
      [290, 200],
      [310, 400],
    ] as const) {
      const token = tokenOf(length);
      const explained = await (await ask(service, credentials(token))).json();
      const issued = await service.post(bodyOf(token));
      expect(issued.status).toBe(status);
      if (status === 200) expect(explained).toMatchObject({ granted: true });
      else
        expect([explained, await issued.json()]).toEqual([
          { granted: false, check: "identity_too_large", message },
          { code: 3, message, details: [] },
        ]);
    }
  });

  it("does not count extensions that the certificate omits", async () => {
    const row = {
      "issuer-url": GITHUB,
      type: "ci-provider",
      "ci-provider": "own",
      "omit-extensions": ["build-config-uri"],
      jwks: jwksOf(GITHUB_KEY),
    };
    const own = {
      "subject-alternative-name-template": "https://ci.example/{{ .sub }}",
      "extension-templates": { "build-config-uri": "{{ .long }}".repeat(20), "build-trigger": "sub" },
    };
    const configured = { "oidc-issuers": { [GITHUB]: row }, "ci-issuer-metadata": { own } };
    const service = makeService({ ISSUERS: JSON.stringify(configured) });
    const token = signToken({ ...emailClaims(service.clock), iss: GITHUB, long: "é".repeat(310) }, GITHUB_KEY);
    expect(await (await ask(service, credentials(token))).json()).toMatchObject({ granted: true });
    expect((await service.post(bodyOf(token))).status).toBe(200);
  });

  it("answers with an error if the body is malformed or the issuer unreachable", async () => {
    const service = makeService();
    expect((await service.fetch("/api/identity/explain", { method: "POST", body: "{" })).status).toBe(400);
    const token = signToken({ ...emailClaims(service.clock), iss: "https://unreachable.example" }, ISSUER_KEY);
    expect((await ask(service, credentials(token))).status).toBe(503);
    expect((await service.fetch("/api/identity/explain")).status).toBe(501);
  });
});
