// SPDX-License-Identifier: Apache-2.0
// Requests that signingCert rejects, with the exact messages.

import { describe, expect, it } from "vitest";
import type { Clock } from "../../../test/support/authority/ca.ts";
import {
  BUILT_IN,
  bodyOf,
  CLIENT_PEM,
  emailClaims,
  GITHUB_KEY,
  ISSUER,
  ISSUER_KEY,
  keyRequest,
  makeService,
  muteConsole,
  START,
} from "../../../test/support/authority/ca-service.ts";
import { makeIssuerKey, signToken } from "../../../test/support/authority/identity-token.ts";
import REQUESTS from "../../../test/vectors/csr/requests.json" with { type: "json" };

muteConsole();

describe("signingCert rejects", () => {
  const TOKEN = "There was an error processing the identity token: ";
  const SIGNATURE = "The signature supplied in the request could not be verified: ";
  const good = (clock: Clock): string => signToken(emailClaims(clock), ISSUER_KEY);
  const claiming = (claims: object) => (clock: Clock) =>
    bodyOf(signToken({ ...emailClaims(clock), ...claims }, ISSUER_KEY));
  const proof = "proofOfPossession must be the key's signature over the token's email, or its sub if it has no email";
  const csr = (name: string) => (clock: Clock) => ({
    credentials: { oidcIdentityToken: good(clock) },
    certificateSigningRequest: Buffer.from(REQUESTS.find((row) => row.name === name)?.pem ?? "").toString("base64"),
  });

  it.each<[string, (clock: Clock) => unknown, string]>([
    [
      "an empty body",
      () => "",
      `${TOKEN}the request has none; send it as \`Authorization: Bearer TOKEN\` or in credentials.oidcIdentityToken`,
    ],
    [
      "an empty object",
      () => "{}",
      `${TOKEN}the request has none; send it as \`Authorization: Bearer TOKEN\` or in credentials.oidcIdentityToken`,
    ],
    ["a body that is not JSON", () => "token=x", "The request could not be read: the body is not JSON"],
    ["a list", () => "[]", "The request could not be read: the body has the wrong JSON type"],
    [
      "both keys",
      (clock) => ({ ...bodyOf(good(clock)), certificateSigningRequest: "UEVN" }),
      "The request could not be read: send either publicKeyRequest or certificateSigningRequest, not both",
    ],
    [
      "a token that is not a JWT",
      () => bodyOf("x"),
      `${TOKEN}it is not a signed JWT: three parts of unpadded base64url, separated by dots`,
    ],
    [
      "an expired token",
      claiming({ exp: START / 1000 - 1.25 }),
      `${TOKEN}it expired at 2027-01-15T07:59:59Z, and the time is 2027-01-15T08:00:00Z; request a new one`,
    ],
    [
      "a token that is not valid yet",
      claiming({ nbf: START / 1000 + 86_399.75 }),
      `${TOKEN}it is not valid before 2027-01-16T08:00:00Z, and the time is 2027-01-15T08:00:00Z`,
    ],
    [
      "a token whose audience is another",
      claiming({ aud: "other" }),
      `${TOKEN}its audience (aud) must be "sigstore"; request a token for that audience`,
    ],
    [
      "an unknown issuer",
      claiming({ iss: "https://evil.example" }),
      `${TOKEN}its issuer "https://evil.example" is not accepted here; /api/v2/configuration lists the accepted issuers`,
    ],
    [
      "an issuer with an additional slash",
      claiming({ iss: `${ISSUER}/` }),
      `${TOKEN}its issuer "${ISSUER}/" is not accepted here; /api/v2/configuration lists the accepted issuers`,
    ],
    [
      "an issuer in another case",
      claiming({ iss: ISSUER.toUpperCase() }),
      `${TOKEN}its issuer "${ISSUER.toUpperCase()}" is not accepted here; /api/v2/configuration lists the accepted issuers`,
    ],
    [
      "the built-in issuer, which issues nothing here",
      claiming({ iss: BUILT_IN }),
      `${TOKEN}its issuer "${BUILT_IN}" is not accepted here; /api/v2/configuration lists the accepted issuers`,
    ],
    [
      "a default issuer that ISSUERS replaces",
      claiming({ iss: "https://accounts.google.com" }),
      `${TOKEN}its issuer "https://accounts.google.com" is not accepted here; /api/v2/configuration lists the accepted issuers`,
    ],
    [
      "a token with an unknown key id",
      (clock) => bodyOf(signToken(emailClaims(clock), makeIssuerKey("x"))),
      `${TOKEN}its kid names none of its issuer's keys`,
    ],
    [
      "a token with a forged signature",
      (clock) => bodyOf(signToken(emailClaims(clock), { ...GITHUB_KEY, keyId: "operator" })),
      `${TOKEN}its signature does not verify with its issuer's keys`,
    ],
    [
      "a token with alg none",
      (clock) => bodyOf(signToken(emailClaims(clock), ISSUER_KEY, { alg: "none" })),
      `${TOKEN}its alg must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA`,
    ],
    ["a token without a subject", claiming({ sub: "" }), `${TOKEN}its claim sub is missing or empty`],
    [
      "an unverified e-mail address",
      claiming({ email_verified: false }),
      `${TOKEN}its claim email_verified is not true: the issuer does not vouch for the e-mail address`,
    ],
    [
      "a non-ASCII e-mail address",
      claiming({ email: "älice@example.com" }),
      `${TOKEN}its claim email has non-ASCII characters, which a certificate cannot hold`,
    ],
    [
      "a token without an e-mail address",
      claiming({ email: undefined }),
      `${TOKEN}its claim email is missing or empty`,
    ],
    [
      "a bad token before looking at a bad key",
      (clock) => bodyOf(`${good(clock)}x.y`, {}),
      `${TOKEN}it is not a signed JWT: three parts of unpadded base64url, separated by dots`,
    ],
    [
      "a request without a key",
      (clock) => ({ credentials: { oidcIdentityToken: good(clock) } }),
      "The public key supplied in the request could not be parsed: publicKeyRequest.publicKey.content must be one PEM block, PUBLIC KEY or RSA PUBLIC KEY",
    ],
    [
      "a request without a proof of possession",
      (clock) => bodyOf(good(clock), { publicKey: { content: CLIENT_PEM } }),
      `${SIGNATURE}publicKeyRequest.proofOfPossession is missing`,
    ],
    [
      "a proof over another text",
      (clock) => bodyOf(good(clock), keyRequest("bob@example.com")),
      `${SIGNATURE}${proof}`,
    ],
    [
      "an unparsable signing request",
      csr("no PEM"),
      "The certificate signing request could not be parsed: it must be the base64 of one PEM block, CERTIFICATE REQUEST (PKCS#10)",
    ],
    [
      "a signing request signed by another key",
      csr("another key put in"),
      `${SIGNATURE}the certificate signing request is not signed by the key in it`,
    ],
    [
      "a signing request with another hash",
      csr("P-384 with SHA-256"),
      "signing algorithm not permitted: ecdsa-p384, SHA-256; sign the request with SHA-384",
    ],
    [
      "a signing request signed with RSA-PSS",
      csr("RSA-PSS"),
      "unrecognized signature algorithm: 1.2.840.113549.1.1.10",
    ],
    [
      "a weak key",
      csr("RSA-1024"),
      "The public key supplied in the request is insecure: use ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits with exponent 65537",
    ],
  ])("%s, without side effects", async (_, make, message) => {
    const { post, clock, log } = makeService();
    const response = await post(make(clock));
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({ code: 3, message, details: [] });
    expect(log.submissions).toEqual([]);
    expect(console.error).not.toHaveBeenCalled();
  });

  it("a body that is too large", async () => {
    const { post } = makeService();
    const response = await post(" ".repeat(64 * 1024 + 1));
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: 3, message: "http: request body too large: send at most 65536 bytes", details: [] },
    ]);
  });

  it("another scheme than Bearer", async () => {
    const { post, clock } = makeService();
    const response = await post(
      { publicKeyRequest: keyRequest() },
      { headers: { authorization: `Bearers ${good(clock)}` } },
    );
    expect(response.status).toBe(400);
  });

  it("a loopback issuer, in production only", async () => {
    const issuer = "http://localhost:8787/oidc";
    for (const [allow, status] of [
      [false, 400],
      [true, 200],
    ] as const) {
      const { post, clock, fetch } = makeService({ PUBLIC_URL: "http://localhost:8787" }, allow);
      const claims = { ...emailClaims(clock), iss: issuer, federated_claims: { connector_id: "https://id.example" } };
      const response = await post(bodyOf(signToken(claims, ISSUER_KEY)));
      expect(response.status).toBe(status);
      const body = (await response.json()) as { readonly message?: string };
      if (!allow) {
        expect(body.message).toBe(
          `${TOKEN}its issuer "${issuer}" is a loopback address, which only a development stack (npm start) accepts`,
        );
      }
      const listed = await (await fetch("/api/v2/configuration")).text();
      expect(listed.includes(issuer)).toBe(allow);
    }
  });
});
