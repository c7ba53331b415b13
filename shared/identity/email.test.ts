// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { Claims } from "../oidc/claims.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { emailPrincipal } from "./email.ts";

const CLAIMS = {
  iss: "https://accounts.google.com",
  sub: "1234567890",
  email: "alice@example.com",
  email_verified: true,
};
const principal = (claims: Claims, path: readonly string[] | null = null): ReturnType<typeof emailPrincipal> =>
  emailPrincipal({ ...CLAIMS, ...claims } as unknown as VerifiedClaims, {
    issuerClaim: path,
    skipsVerification: false,
  });

describe("emailPrincipal", () => {
  it("gives one email name, the issuer twice and the raw subject", () => {
    expect(principal({})).toEqual({
      ok: true,
      value: {
        subjectAltName: { kind: "email", value: "alice@example.com" },
        extensions: { issuer: CLAIMS.iss, issuerV2: CLAIMS.iss, tokenSubject: "1234567890" },
        challenges: ["alice@example.com", "1234567890"],
      },
    });
  });

  it("has one challenge if the subject is the address", () => {
    expect(principal({ sub: CLAIMS.email })).toMatchObject({ ok: true, value: { challenges: [CLAIMS.email] } });
  });

  it("names the issuer behind a federating provider, and its own subject", () => {
    const result = principal({ federated_claims: { connector_id: "https://github.com/login/oauth" } }, [
      "federated_claims",
      "connector_id",
    ]);
    expect(result).toMatchObject({
      ok: true,
      value: {
        extensions: {
          issuer: "https://github.com/login/oauth",
          issuerV2: "https://github.com/login/oauth",
          tokenSubject: "1234567890",
        },
      },
    });
  });

  it.each([
    ["absent", {}, "claim_missing"],
    ["not an object", { federated_claims: "x" }, "claim_missing"],
    ["null", { federated_claims: { connector_id: null } }, "claim_missing"],
    ["empty", { federated_claims: { connector_id: "" } }, "claim_missing"],
    ["inherited", { federated_claims: {} }, "claim_missing"],
    ["a number", { federated_claims: { connector_id: 5 } }, "claim_invalid"],
    ["with a line break", { federated_claims: { connector_id: "a\nb" } }, "claim_invalid"],
  ])("rejects an issuer claim that is %s", (_, claims, code) => {
    expect(principal(claims, ["federated_claims", "connector_id"])).toMatchObject({ ok: false, error: { code } });
  });

  it.each([true, "true", "True"])("accepts email_verified %j", (verified) => {
    expect(principal({ email_verified: verified }).ok).toBe(true);
  });

  it.each([
    [false, "email_unverified"],
    ["false", "email_unverified"],
    ["False", "email_unverified"],
    [undefined, "email_unverified"],
    [null, "claim_invalid"],
    [1, "claim_invalid"],
    ["yes", "claim_invalid"],
    ["TRUE", "claim_invalid"],
    [[true], "claim_invalid"],
  ])("rejects email_verified %j", (verified, code) => {
    expect(principal({ email_verified: verified })).toMatchObject({ ok: false, error: { code } });
  });

  it.each([
    "a@b.c",
    "Alice.O'Neil+tag@Mail.Example.COM",
    "!#$%&'*+/=?^_`{|}~-@example.com",
    `${"a".repeat(64)}@example.com`,
    "user@xn--bcher-kva.example",
    "user@123.example",
    "user@example.xn--p1ai",
  ])("accepts %s and preserves its case", (email) => {
    expect(principal({ email })).toMatchObject({ ok: true, value: { subjectAltName: { value: email } } });
  });

  it.each([
    ["alice", "email_invalid"],
    ["@example.com", "email_invalid"],
    ["alice@", "email_invalid"],
    ["alice@localhost", "email_invalid"],
    ["a@b@example.com", "email_invalid"],
    ["alice@example.com.", "email_invalid"],
    [".alice@example.com", "email_invalid"],
    ["alice.@example.com", "email_invalid"],
    ["a..b@example.com", "email_invalid"],
    ['"a b"@example.com', "email_invalid"],
    ["a b@example.com", "email_invalid"],
    ["a@[127.0.0.1]", "email_invalid"],
    ["a@exa_mple.com", "email_invalid"],
    ["a@-example.com", "email_invalid"],
    ["a@example.com0", "email_invalid"],
    ["a@example.1com", "email_invalid"],
    ["a@127.0.0.1", "email_invalid"],
    ["a@example-.com", "email_invalid"],
    [`${"a".repeat(65)}@example.com`, "email_invalid"],
    [`a@${"b".repeat(64)}.com`, "email_invalid"],
    [`a@${"b.".repeat(130)}com`, "email_invalid"],
    ["älice@example.com", "email_not_ascii"],
    ["alice@exämple.com", "email_not_ascii"],
    ["alice\u202e@example.com", "email_not_ascii"],
    ["alice\n@example.com", "claim_invalid"],
    ["alice\u0000@example.com", "claim_invalid"],
    ["", "claim_missing"],
    [null, "claim_missing"],
    [undefined, "claim_missing"],
    [["a@example.com"], "claim_invalid"],
    [5, "claim_invalid"],
  ])("rejects %j with %s", (email, code) => {
    expect(principal({ email })).toMatchObject({ ok: false, error: { code } });
  });
});
