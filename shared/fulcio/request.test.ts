// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { decodeSigningRequest } from "./request.ts";

const decode = (text: string): ReturnType<typeof decodeSigningRequest> => decodeSigningRequest(encodeUtf8(text));
const EMPTY = { token: "", key: { kind: "public-key", pem: "", proof: new Uint8Array(0) } };
const KEY = { kind: "public-key", pem: "PEM", proof: Uint8Array.of(0xfb, 0xff) };

describe("decodeSigningRequest", () => {
  it.each<[string, string, object]>([
    [
      "@sigstore/sign",
      '{"credentials":{"oidcIdentityToken":"T"},"publicKeyRequest":{"publicKey":{"algorithm":"ECDSA","content":"PEM"},"proofOfPossession":"+/8="}}',
      { token: "T", key: KEY },
    ],
    [
      "sigstore-go, with an algorithm that is in no enum",
      '{"publicKeyRequest":{"publicKey":{"algorithm":"RSA","content":"PEM"},"proofOfPossession":"+/8="}}',
      { token: "", key: KEY },
    ],
    [
      "sigstore-rust, with an empty algorithm",
      '{"credentials":{"oidcIdentityToken":"T"},"publicKeyRequest":{"publicKey":{"algorithm":"","content":"PEM"},"proofOfPossession":"+/8="}}',
      { token: "T", key: KEY },
    ],
    [
      "sigstore-python",
      '{"certificateSigningRequest":"UEVN"}',
      { token: "", key: { kind: "csr", pem: encodeUtf8("PEM") } },
    ],
    [
      "snake_case, base64url without padding, an enum number",
      '{"credentials":{"oidc_identity_token":"T"},"public_key_request":{"public_key":{"algorithm":99,"content":"PEM"},"proof_of_possession":"-_8"}}',
      { token: "T", key: KEY },
    ],
    [
      "null for what is not there, and unknown fields",
      '{"credentials":null,"certificateSigningRequest":null,"x":[1],"publicKeyRequest":{"y":{},"publicKey":{"content":"PEM","z":null},"proofOfPossession":"+/8="}}',
      { token: "", key: KEY },
    ],
    ["an empty request to sign", '{"certificateSigningRequest":""}', EMPTY],
    ["nothing in its members", '{"credentials":{},"publicKeyRequest":{"publicKey":{}}}', EMPTY],
    ["an empty object", "{}", EMPTY],
    ["an empty body", "", EMPTY],
  ])("reads %s", (_, text, expected) => {
    expect(decode(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ["[]", { code: "field_type", path: "" }],
    ['"x"', { code: "field_type", path: "" }],
    ["null", { code: "field_type", path: "" }],
    ["{", { code: "json_invalid" }],
    ["{} x", { code: "json_invalid" }],
    ['{"credentials":{"oidcIdentityToken":5}}', { code: "field_type", path: "credentials.oidcIdentityToken" }],
    ['{"credentials":"x"}', { code: "field_type", path: "credentials" }],
    ['{"publicKeyRequest":"x"}', { code: "field_type", path: "publicKeyRequest" }],
    [
      '{"publicKeyRequest":{"publicKey":{"content":5}}}',
      { code: "field_type", path: "publicKeyRequest.publicKey.content" },
    ],
    [
      '{"publicKeyRequest":{"proofOfPossession":"%"}}',
      { code: "field_bytes", path: "publicKeyRequest.proofOfPossession" },
    ],
    ['{"certificateSigningRequest":"a"}', { code: "field_bytes", path: "certificateSigningRequest" }],
    ['{"credentials":{},"credentials":{}}', { code: "json_duplicate_member" }],
    ['{"publicKeyRequest":{},"public_key_request":{}}', { code: "field_repeated", path: "publicKeyRequest" }],
    ['{"publicKeyRequest":{},"certificateSigningRequest":"UEVN"}', { code: "key_and_csr" }],
    ['{"publicKeyRequest":{},"certificateSigningRequest":""}', { code: "key_and_csr" }],
    [`${'{"x":'.repeat(40)}1${"}".repeat(40)}`, { code: "json_too_deep" }],
  ])("rejects %s", (text, error) => {
    expect(decode(text)).toEqual({ ok: false, error });
  });

  it("rejects bytes that are not UTF-8, and never throws", () => {
    expect(decodeSigningRequest(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({ error: { code: "json_invalid" } });
    fc.assert(fc.property(fc.json(), (text) => void decode(text)));
  });
});
