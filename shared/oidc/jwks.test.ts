// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { makeIssuerKey } from "../../test/support/authority/identity-token.ts";
import { ALGORITHMS, canVerify, parseJwk, parseJwks } from "./jwks.ts";

/** RFC 7517 §A.1. */
const EC = {
  kty: "EC",
  crv: "P-256",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
  use: "enc",
  kid: "1",
};
const RSA = makeIssuerKey("2").jwk;

describe("parseJwk", () => {
  it("keeps the members that define the key", () => {
    const { kty, n, e } = RSA;
    expect(parseJwk({ ...RSA, x5c: ["AA=="], "x-ms": 1, alg: "RS256" })).toEqual({
      ok: true,
      value: { keyId: "2", algorithm: "RS256", jwk: { kty, n, e } },
    });
    expect(parseJwk({ ...EC, use: undefined, kid: undefined, key_ops: ["verify"] })).toMatchObject({
      ok: true,
      value: { keyId: null, algorithm: null },
    });
  });

  it.each([
    ["null", null],
    ["a string", "x"],
    ["a list", []],
    ["for encryption", EC],
    ["for signing only", { ...RSA, key_ops: ["sign"] }],
    ["private", { ...RSA, d: "AA" }],
    ["symmetric", { kty: "oct", k: "AA" }],
    ["of an unknown type", { kty: "XX" }],
    ["of no type", {}],
    ["RSA without exponent", { kty: "RSA", n: "AA" }],
    ["on secp256k1", { ...EC, use: "sig", crv: "secp256k1" }],
    ["on a curve named constructor", { ...EC, use: "sig", crv: "constructor" }],
    ["EC without y", { ...EC, use: "sig", y: undefined }],
    ["X25519", { kty: "OKP", crv: "X25519", x: "AA" }],
    ["for HMAC", { ...RSA, alg: "HS256" }],
    ["for key wrapping", { ...RSA, alg: "RSA-OAEP" }],
    ["with a kid that is a number", { ...RSA, kid: 1 }],
  ])("rejects a key %s", (_, jwk) => {
    expect(parseJwk(jwk)).toMatchObject({ ok: false, error: { code: "jwk_unusable" } });
  });
});

describe("parseJwks", () => {
  it("ignores unusable keys", () => {
    expect(parseJwks({ keys: [EC, RSA, null, { kty: "oct" }] })).toMatchObject({ ok: true, value: [{ keyId: "2" }] });
  });

  it.each([
    [null],
    ["x"],
    [[]],
    [{}],
    [{ keys: {} }],
    [{ keys: [] }],
    [{ keys: [EC] }],
    [{ keys: Array(101).fill(RSA) }],
  ])("rejects %j", (value) => {
    expect(parseJwks(value)).toMatchObject({ ok: false, error: { code: "jwks_invalid" } });
  });
});

it.each([
  ["RSA", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]],
  ["P-256", ["ES256"]],
  ["P-384", ["ES384"]],
  ["P-521", ["ES512"]],
  ["Ed25519", ["EdDSA"]],
] as const)("a key %s is for %j", (type, algorithms) => {
  const key = parseJwk(makeIssuerKey("k", type).jwk);
  expect(key.ok && ALGORITHMS.filter((algorithm) => canVerify(key.value, algorithm))).toEqual(algorithms);
});
