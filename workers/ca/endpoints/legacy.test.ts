// SPDX-License-Identifier: Apache-2.0

import { X509Certificate } from "@sigstore/core";
import { describe, expect, it } from "vitest";
import {
  bodyOf,
  type CaService,
  CLIENT,
  CLIENT_PEM,
  emailClaims,
  ISSUER_KEY,
  makeService,
  muteConsole,
  prove,
} from "../../../test/support/authority/ca-service.ts";
import { signToken } from "../../../test/support/authority/identity-token.ts";
import { verifiesSct } from "../../../test/support/authority/verify-sct.ts";
import REQUESTS from "../../../test/vectors/csr/requests.json" with { type: "json" };

muteConsole();

describe("POST /api/v1/signingCert", () => {
  const ask = (service: CaService, body: object, token: string): Promise<Response> =>
    service.fetch("/api/v1/signingCert", {
      method: "POST",
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${token}` },
    });
  const base64 = (value: string | Buffer): string => Buffer.from(value).toString("base64");
  const der = CLIENT.publicKey.export({ type: "spki", format: "der" });

  it.each([
    ["PEM, as cosign 2 sends it", { content: base64(CLIENT_PEM), algorithm: "" }, { certificateSigningRequest: null }],
    ["DER, as sigstore-rs sends it", { content: base64(der), algorithm: "ecdsa" }, {}],
  ])("answers 201 with PEM for a key in %s", async (_, publicKey, more) => {
    const service = makeService();
    const body = { publicKey, signedEmailAddress: prove("alice@example.com"), ...more };
    const response = await ask(service, body, signToken(emailClaims(service.clock), ISSUER_KEY));
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("application/pem-certificate-chain");
    const text = await response.text();
    expect(text).toMatch(/-----END CERTIFICATE-----$/);
    const [leaf, issuing, root] = text
      .split(/(?<=-----END CERTIFICATE-----)\n/)
      .map((pem) => X509Certificate.parse(pem));
    if (leaf === undefined || issuing === undefined || root === undefined) throw new Error("a short chain");
    expect(leaf.verify(issuing) && issuing.verify(root) && verifiesSct(leaf, issuing, service.log)).toBe(true);
    expect(console.log).toHaveBeenCalledOnce();
  });

  it("accepts a signing request", async () => {
    const service = makeService();
    const csr = base64(REQUESTS.find(({ outcome }) => outcome === "ok")?.pem ?? "");
    const token = signToken(emailClaims(service.clock), ISSUER_KEY);
    expect((await ask(service, { certificateSigningRequest: csr }, token)).status).toBe(201);
  });

  it.each<[string, object, string]>([
    [
      "a body with neither key nor signing request, whatever the token",
      {},
      "The public key supplied in the request could not be parsed: ",
    ],
    ["an empty key", { publicKey: { content: "" } }, "The public key supplied in the request could not be parsed: "],
    ["a malformed key", { publicKey: { content: "AAAA" } }, "There was an error processing the identity token: "],
    [
      "a key that is not base64",
      { publicKey: { content: "%" } },
      "The request could not be read: publicKey.content is not base64",
    ],
    ["a list", [], "The request could not be read: the body has the wrong JSON type"],
  ])("rejects %s", async (_, body, message) => {
    const response = await ask(makeService(), body, "x");
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 3, message: expect.stringContaining(message) },
    ]);
  });

  it("takes the token from the header only", async () => {
    const service = makeService();
    const body = {
      ...bodyOf(signToken(emailClaims(service.clock), ISSUER_KEY)),
      publicKey: { content: base64(CLIENT_PEM) },
    };
    expect((await ask(service, body, "")).status).toBe(400);
  });
});
