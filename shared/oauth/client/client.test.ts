// SPDX-License-Identifier: Apache-2.0
// A sign-in as its client sees it: what it sends, and everything that others may send in its place.

import { describe, expect, it } from "vitest";
import { readAnswer } from "./answer.ts";
import { makeAuthorizationAddress } from "./begin.ts";
import { makeTokenForm, readTokenAnswer } from "./token.ts";

const ORIGIN = "https://sign.example.com";
const ISSUER = `${ORIGIN}/oidc`;
const BEGUN = { origin: ORIGIN, state: "S-1", issuer: ISSUER };
const GOOD = { state: "S-1", iss: ISSUER, code: "C" };
const queryOf = (changes: object = {}): string =>
  `?${new URLSearchParams(JSON.parse(JSON.stringify({ ...GOOD, ...changes })) as Record<string, string>).toString()}`;

describe("the answer of a window", () => {
  it("gives the code", () => {
    expect(readAnswer({ origin: ORIGIN, data: queryOf() }, BEGUN)).toEqual({ ok: true, value: "C" });
  });

  it.each<[string, string, unknown, object]>([
    ["of another site", "https://evil.example", queryOf(), { code: "answer_foreign" }],
    ["of a part of the site's name", `${ORIGIN}.evil.example`, queryOf(), { code: "answer_foreign" }],
    ["of no origin", "null", queryOf(), { code: "answer_foreign" }],
    ["that is no text", ORIGIN, { search: queryOf() }, { code: "answer_foreign" }],
    ["of any length", ORIGIN, queryOf({ code: "C".repeat(4096) }), { code: "answer_foreign" }],
    ["to another sign-in", ORIGIN, queryOf({ state: "S-2" }), { code: "answer_of_another_sign_in" }],
    ["without a state", ORIGIN, queryOf({ state: undefined }), { code: "answer_of_another_sign_in" }],
    ["with an empty state", ORIGIN, queryOf({ state: "" }), { code: "answer_of_another_sign_in" }],
    ["with two states", ORIGIN, `${queryOf()}&state=S-2`, { code: "answer_malformed" }],
    ["with two codes", ORIGIN, `${queryOf()}&code=D`, { code: "answer_malformed" }],
    ["of another provider", ORIGIN, queryOf({ iss: "https://other.example" }), { code: "answer_issuer" }],
    ["of a provider that differs by a slash", ORIGIN, queryOf({ iss: `${ISSUER}/` }), { code: "answer_issuer" }],
    ["without a provider", ORIGIN, queryOf({ iss: undefined }), { code: "answer_issuer" }],
    ["with two providers", ORIGIN, `${queryOf()}&iss=https://other.example`, { code: "answer_malformed" }],
    ["without a code", ORIGIN, queryOf({ code: undefined }), { code: "answer_malformed" }],
    ["with an empty code", ORIGIN, queryOf({ code: "" }), { code: "answer_malformed" }],
    [
      "that refuses",
      ORIGIN,
      queryOf({ error: "access_denied", error_description: "no" }),
      { code: "answer_refused", error: "access_denied", description: "no" },
    ],
    [
      "that refuses at length",
      ORIGIN,
      queryOf({ code: undefined, error: "x", error_description: "a".repeat(1000) }),
      { code: "answer_refused", error: "x", description: "a".repeat(300) },
    ],
  ])("%s gives none", (_, origin, data, error) => {
    expect(readAnswer({ origin, data }, BEGUN)).toEqual({ ok: false, error });
  });
});

const EXPECTED = { issuer: ISSUER, audience: "sigstore", nonce: "N" };
const CLAIMS = { iss: ISSUER, aud: "sigstore", nonce: "N", sub: "1", email: "alice@example.com" };
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const answerWith = (changes: object, further: object = {}): object => ({
  id_token: `${encode({ alg: "RS256" })}.${encode({ ...CLAIMS, ...changes })}.c2ln`,
  expires_in: 300,
  ...further,
});

describe("the answer with a token", () => {
  it("says who has signed in, who vouches, and for how long", () => {
    const vouched = answerWith({ federated_claims: { connector_id: "https://accounts.example" } });
    expect(readTokenAnswer(vouched, EXPECTED)).toEqual({
      ok: true,
      value: {
        token: expect.stringMatching(/^[\w-]+\.[\w-]+\.c2ln$/),
        identity: "alice@example.com",
        vouchedBy: "https://accounts.example",
        lifetimeMs: 300_000,
      },
    });
    expect(readTokenAnswer(answerWith({ email: undefined }), EXPECTED)).toMatchObject({
      value: { identity: "1", vouchedBy: ISSUER },
    });
    for (const life of [undefined, "300", -1, Number.POSITIVE_INFINITY]) {
      expect(readTokenAnswer(answerWith({}, { expires_in: life }), EXPECTED)).toMatchObject({
        value: { lifetimeMs: 60_000 },
      });
    }
  });

  it.each([
    ["no object", "text", "no identity token"],
    ["no token", {}, "no identity token"],
    ["a token that is no text", { id_token: 1 }, "no identity token"],
    ["a token of two parts", { id_token: `e30.${encode(CLAIMS)}` }, "no identity token"],
    ["a token that is no JSON", { id_token: "e30.e30x.c2ln" }, "no identity token"],
    ["another issuer", answerWith({ iss: `${ISSUER}/` }), "another issuer"],
    ["another audience", answerWith({ aud: "site" }), "somebody else"],
    ["a list of audiences", answerWith({ aud: ["sigstore", "other"] }), "somebody else"],
    ["another nonce", answerWith({ nonce: "M" }), "another sign-in"],
    ["no nonce", answerWith({ nonce: undefined }), "another sign-in"],
    ["nobody", answerWith({ email: undefined, sub: undefined }), "nobody"],
    ["nobody in particular", answerWith({ email: "", sub: "" }), "nobody"],
  ])("is rejected with %s", (_, answer, reason) => {
    expect(readTokenAnswer(answer, EXPECTED)).toEqual({
      ok: false,
      error: { code: "token_unusable", reason: expect.stringContaining(reason) },
    });
  });
});

it("the requests have what RFC 6749 and RFC 7636 demand", () => {
  const request = { clientId: "site", redirectUri: `${ORIGIN}/sign`, state: "S", nonce: "N", challenge: "H" };
  expect(makeAuthorizationAddress(`${ISSUER}/auth`, request)).toBe(
    `${ISSUER}/auth?response_type=code&client_id=site&redirect_uri=https%3A%2F%2Fsign.example.com%2Fsign&scope=openid+email&state=S&nonce=N&code_challenge=H&code_challenge_method=S256`,
  );
  const grant = { clientId: "site", redirectUri: `${ORIGIN}/sign`, code: "C", verifier: "V" };
  expect(makeTokenForm(grant).toString()).toBe(
    "grant_type=authorization_code&client_id=site&redirect_uri=https%3A%2F%2Fsign.example.com%2Fsign&code=C&code_verifier=V",
  );
});
