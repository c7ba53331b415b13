// SPDX-License-Identifier: Apache-2.0
// Bodies from fulcio_legacy.proto in protobuf's JSON form.

import { describe, expect, test } from "vitest";
import { decodeLegacyRequest } from "./legacy-request.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const decode = (body: unknown): unknown =>
  decodeLegacyRequest(new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)));
const PEM = "-----BEGIN PUBLIC KEY-----\nAAEC\n-----END PUBLIC KEY-----\n";
const key = (pem: string, proof: number[] = []): object => ({
  ok: true,
  value: { kind: "public-key", pem, proof: Uint8Array.from(proof) },
});

describe("decodeLegacyRequest accepts", () => {
  test.each<[string, unknown, object]>([
    [
      "a key in PEM, and a proof",
      { publicKey: { content: base64(PEM) }, signedEmailAddress: "AQI=" },
      key(PEM, [1, 2]),
    ],
    ["a bare SPKI, which becomes PEM", { publicKey: { content: "AAEC" } }, key(PEM)],
    ["snake_case", { public_key: { content: "AAEC" }, signed_email_address: "AQI=" }, key(PEM, [1, 2])],
    ["an unknown algorithm", { publicKey: { content: "AAEC", algorithm: "dsa" } }, key(PEM)],
    ["unknown fields", { publicKey: { content: "AAEC", x: 1 }, y: 2 }, key(PEM)],
    [
      "a signing request, which goes before a key",
      { certificateSigningRequest: base64("csr"), publicKey: { content: "AAEC" } },
      { ok: true, value: { kind: "csr", pem: new TextEncoder().encode("csr") } },
    ],
    [
      "an empty signing request beside a key",
      { certificateSigningRequest: "", publicKey: { content: "AAEC" } },
      key(PEM),
    ],
  ])("%s", (_what, body, expected) => {
    expect(decode(body)).toEqual(expected);
  });
});

describe("decodeLegacyRequest rejects", () => {
  test.each<[string, unknown, object]>([
    ["an empty body", "", { code: "public_key_pem_invalid" }],
    ["neither key nor signing request", {}, { code: "public_key_pem_invalid" }],
    ["an empty key", { publicKey: { content: "" } }, { code: "public_key_pem_invalid" }],
    [
      "a key that begins like PEM but is not UTF-8",
      { publicKey: { content: "Lf8=" } },
      { code: "public_key_pem_invalid" },
    ],
    ["a body that is not JSON", "{", { code: "json_invalid" }],
    ["a repeated member", '{"publicKey": {}, "publicKey": {}}', { code: "json_duplicate_member" }],
    ["a list", [], { code: "field_type", path: "" }],
    ["a key that is a string", { publicKey: "AAEC" }, { code: "field_type", path: "publicKey" }],
    [
      "content that is not base64",
      { publicKey: { content: "-----" } },
      { code: "field_bytes", path: "publicKey.content" },
    ],
    ["a proof that is a number", { signedEmailAddress: 1 }, { code: "field_type", path: "signedEmailAddress" }],
    ["both spellings of a field", { publicKey: {}, public_key: {} }, { code: "field_repeated", path: "publicKey" }],
  ])("%s", (_what, body, error) => {
    expect(decode(body)).toEqual({ ok: false, error });
  });
});
