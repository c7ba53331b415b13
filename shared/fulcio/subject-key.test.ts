// SPDX-License-Identifier: Apache-2.0
// Keys that OpenSSL makes (node:crypto), in the labels of RFC 7468 §13 and in others.

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseSubjectKey } from "./subject-key.ts";

const ec = (namedCurve: string): KeyObject => generateKeyPairSync("ec", { namedCurve }).publicKey;
const rsa = (modulusLength: number, publicExponent = 65537): KeyObject =>
  generateKeyPairSync("rsa", { modulusLength, publicExponent }).publicKey;
const spki = (key: KeyObject): string => String(key.export({ type: "spki", format: "pem" }));
const pkcs1 = (key: KeyObject): string => String(key.export({ type: "pkcs1", format: "pem" }));

const P256 = spki(ec("prime256v1"));
const RSA = rsa(2048);

describe("parseSubjectKey accepts", () => {
  test.each([
    ["P-256", P256, "ecdsa-p256"],
    ["P-384", spki(ec("secp384r1")), "ecdsa-p384"],
    ["P-521", spki(ec("secp521r1")), "ecdsa-p521"],
    ["Ed25519", spki(generateKeyPairSync("ed25519").publicKey), "ed25519"],
    ["RSA", spki(RSA), "rsa-2048"],
    ["RSA in PKCS#1", pkcs1(RSA), "rsa-2048"],
    ["text before the key", `key:\n${P256}`, "ecdsa-p256"],
    ["text after the key", `${P256}hello`, "ecdsa-p256"],
  ])("%s", (_what, pem, kind) => {
    expect(parseSubjectKey(pem)).toMatchObject({ ok: true, value: { kind } });
  });

  test("PKCS#1 as the SPKI of the same key", () => {
    expect(parseSubjectKey(pkcs1(RSA))).toEqual(parseSubjectKey(spki(RSA)));
  });
});

describe("parseSubjectKey rejects", () => {
  test.each([
    ["an empty text", "", "public_key_pem_invalid"],
    ["two keys", P256 + P256, "public_key_pem_invalid"],
    ["a key in a comment", P256.replace(/^/gm, "# "), "public_key_pem_invalid"],
    ["another label", P256.replaceAll("PUBLIC KEY", "CERTIFICATE"), "public_key_pem_invalid"],
    ["an EC key as PKCS#1", P256.replaceAll("PUBLIC KEY", "RSA PUBLIC KEY"), "public_key_invalid"],
    ["PKCS#1 as SPKI", pkcs1(RSA).replaceAll("RSA PUBLIC KEY", "PUBLIC KEY"), "public_key_invalid"],
    ["a block that is not DER", "-----BEGIN PUBLIC KEY-----\nAAEC\n-----END PUBLIC KEY-----\n", "public_key_invalid"],
    ["P-224", spki(ec("secp224r1")), "public_key_weak"],
    ["RSA with 1024 bits", spki(rsa(1024)), "public_key_weak"],
    ["RSA with exponent 3", pkcs1(rsa(2048, 3)), "public_key_weak"],
    ["secp256k1", spki(ec("secp256k1")), "public_key_unsupported"],
    ["X25519", spki(generateKeyPairSync("x25519").publicKey), "public_key_unsupported"],
  ])("%s", (_what, pem, code) => {
    expect(parseSubjectKey(pem)).toEqual({ ok: false, error: { code } });
  });
});
