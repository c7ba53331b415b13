// SPDX-License-Identifier: Apache-2.0
// Keys that OpenSSL makes (node:crypto), and the example of RFC 8410 §10.

import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseEcdsaSigner, parseEd25519Signer, parseP256Signer } from "./private-key.ts";

const ec = (namedCurve: string): KeyObject => generateKeyPairSync("ec", { namedCurve }).privateKey;
const pkcs8 = (key: KeyObject): string => String(key.export({ type: "pkcs8", format: "pem" }));
const sec1 = (key: KeyObject): string => String(key.export({ type: "sec1", format: "pem" }));
const encrypted = (key: KeyObject): string =>
  String(key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }));

const KEY = ec("prime256v1");
const P256 = pkcs8(KEY);
const P384 = pkcs8(ec("secp384r1"));
const P521 = pkcs8(ec("secp521r1"));
const K256 = pkcs8(ec("secp256k1"));
const RSA = pkcs8(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
const PUBLIC = String(createPublicKey(P256).export({ type: "spki", format: "pem" }));
/** RFC 8410 §10.3; its public half is in §10.1. */
const ED25519 =
  "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
const ED25519_PUBLIC = Buffer.from("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1", "hex");

const NOT_PKCS8 = "must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)";
const NOT_ECDSA = "must be an ECDSA key on P-256 or P-384";
const NOT_P256 = "is not a P-256 private key in PKCS#8 PEM";
const NOT_ED25519 = "is not an Ed25519 private key in PKCS#8 PEM";
const MESSAGE = new TextEncoder().encode("message");

describe("an ECDSA key", () => {
  test.each([
    { form: "P-256 with parseEcdsaSigner", parse: parseEcdsaSigner, pem: P256, kind: "ecdsa-p256", hash: "sha256" },
    { form: "P-384 with parseEcdsaSigner", parse: parseEcdsaSigner, pem: P384, kind: "ecdsa-p384", hash: "sha384" },
    { form: "P-256 with parseP256Signer", parse: parseP256Signer, pem: P256, kind: "ecdsa-p256", hash: "sha256" },
    { form: "SEC 1 with parseP256Signer", parse: parseP256Signer, pem: sec1(KEY), kind: "ecdsa-p256", hash: "sha256" },
  ])("in $form is read, signs and verifies", ({ parse, pem, kind, hash }) => {
    const signer = parse(pem);
    if (!signer.ok) throw new Error(signer.error);
    const publicKey = createPublicKey(pem);
    const signature = signer.value.sign(MESSAGE);
    expect(signer.value.kind).toBe(kind);
    expect(Buffer.from(signer.value.spki)).toEqual(publicKey.export({ type: "spki", format: "der" }));
    expect(verify(hash, MESSAGE, publicKey, signature)).toBe(true);
    expect(signer.value.verify(MESSAGE, signature)).toBe(true);
    expect(signer.value.verify(new Uint8Array(0), signature)).toBe(false);
  });

  test.each([
    ["an empty text", "", NOT_PKCS8],
    ["text alone", "key:\n", NOT_PKCS8],
    ["two blocks", P256 + P256, NOT_PKCS8],
    ["SEC 1", sec1(KEY), NOT_PKCS8],
    ["an encrypted key", encrypted(KEY), NOT_PKCS8],
    ["a public key", PUBLIC, NOT_PKCS8],
    [
      "a block that is not a key",
      "-----BEGIN PRIVATE KEY-----\nAAEC\n-----END PRIVATE KEY-----\n",
      "is not a private key",
    ],
    ["P-521", P521, NOT_ECDSA],
    ["secp256k1", K256, NOT_ECDSA],
    ["Ed25519", ED25519, NOT_ECDSA],
    ["RSA", RSA, NOT_ECDSA],
  ])("parseEcdsaSigner rejects %s", (_what, pem, error) => {
    expect(parseEcdsaSigner(pem)).toEqual({ ok: false, error });
  });

  test.each([
    ["an empty text", ""],
    ["an encrypted key", encrypted(KEY)],
    ["a public key", PUBLIC],
    ["P-384", P384],
    ["secp256k1", K256],
    ["Ed25519", ED25519],
    ["RSA", RSA],
  ])("parseP256Signer rejects %s", (_what, pem) => {
    expect(parseP256Signer(pem)).toEqual({ ok: false, error: NOT_P256 });
  });
});

describe("an Ed25519 key", () => {
  test("parseEd25519Signer reads the example of RFC 8410 and signs", () => {
    const signer = parseEd25519Signer(ED25519);
    if (!signer.ok) throw new Error(signer.error);
    expect(Buffer.from(signer.value.publicKey)).toEqual(ED25519_PUBLIC);
    expect(verify(null, MESSAGE, createPublicKey(ED25519), signer.value.sign(MESSAGE))).toBe(true);
  });

  test.each([
    ["an empty text", ""],
    ["P-256", P256],
    ["RSA", RSA],
    ["a public key", PUBLIC],
    ["Ed448", pkcs8(generateKeyPairSync("ed448").privateKey)],
  ])("parseEd25519Signer rejects %s", (_what, pem) => {
    expect(parseEd25519Signer(pem)).toEqual({ ok: false, error: NOT_ED25519 });
  });
});
