// SPDX-License-Identifier: Apache-2.0
// The routes of the service, and what it answers when it cannot work.

import { describe, expect, it } from "vitest";
import { bodyOf, emailClaims, ISSUER_KEY, makeService, muteConsole } from "../../test/support/authority/ca-service.ts";
import { signToken } from "../../test/support/authority/identity-token.ts";

muteConsole();

describe("the CA service", () => {
  const METHOD = { code: 12, message: "Method Not Allowed", details: [] };
  const PATH = { code: 5, message: "Not Found", details: [] };

  it.each([
    ["GET", "/api/v2/signingCert", 501, METHOD],
    ["PUT", "/api/v2/signingCert", 501, METHOD],
    ["DELETE", "/api/v2/signingCert", 501, METHOD],
    ["POST", "/api/v2/trustBundle", 501, METHOD],
    ["POST", "/api/v2/configuration", 501, METHOD],
    ["GET", "/api/v2/unknown", 404, PATH],
    ["POST", "/api/v2/signingcert", 404, PATH],
  ])("answers %s %s with %i", async (method, path, status, body) => {
    const response = await makeService().fetch(path, { method });
    expect([response.status, await response.json()]).toEqual([status, body]);
  });

  it("an unreachable issuer yields 503", async () => {
    const { post, clock } = makeService();
    const claims = { ...emailClaims(clock), iss: "https://unreachable.example" };
    const response = await post(bodyOf(signToken(claims, ISSUER_KEY)));
    expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
      503,
      "5",
      {
        code: 14,
        message:
          'There was an error processing the identity token: could not fetch the keys of its issuer "https://unreachable.example"; try again',
        details: [],
      },
    ]);
  });

  it("an expired CA certificate yields 503 that names it", async () => {
    const { post, clock, log } = makeService();
    clock.advance(4 * 365 * 86_400_000);
    const response = await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY)));
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      message: expect.stringContaining("the CA certificate is valid from"),
    });
    expect(log.submissions).toEqual([]);
  });

  it("a missing setting yields 503 that names it, on every route", async () => {
    const { fetch } = makeService({ CA_KEY: "", CA_CHAIN: "" });
    for (const path of ["/api/v2/trustBundle", "/api/v2/configuration", "/api/v2/unknown"]) {
      const response = await fetch(path);
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({
        message: "this deployment is not configured: CA_CHAIN is missing; CA_KEY is missing",
      });
    }
  });
});

describe("CORS", () => {
  it("lets any origin read every response", async () => {
    const { fetch, post } = makeService();
    for (const response of [await fetch("/api/v2/trustBundle"), await post("x"), await fetch("/api/v2/unknown")]) {
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
    }
  });

  it.each([
    ["POST", "content-type", true],
    ["POST", "Content-Type, Accept,x-requested-with", true],
    ["GET", null, true],
    ["POST", "authorization", false],
    ["POST", "content-type, authorization", false],
    ["DELETE", null, false],
  ])("allows a preflight for %s with %s: %s", async (method, headers, isAllowed) => {
    const response = await makeService().fetch("/api/v2/signingCert", {
      method: "OPTIONS",
      headers: {
        origin: "https://page.example",
        "access-control-request-method": method,
        ...(headers === null ? {} : { "access-control-request-headers": headers }),
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe(isAllowed ? "*" : null);
    expect(response.headers.has("access-control-allow-methods")).toBe(isAllowed);
  });

  it("rejects an OPTIONS request that is not a preflight", async () => {
    expect((await makeService().fetch("/api/v2/signingCert", { method: "OPTIONS" })).status).toBe(501);
  });
});
