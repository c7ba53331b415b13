// SPDX-License-Identifier: Apache-2.0

import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KEY_KINDS, signingKey } from "../../test/support/authority/signing-keys.ts";
import { concat } from "../bytes/bytes.ts";
import { bitString, integer, NULL, oid, sequence } from "../der/writer.ts";
import { parsePublicKey } from "./public-key.ts";

const EC = oid("1.2.840.10045.2.1");
const P256 = oid("1.2.840.10045.3.1.7");
const RSA = oid("1.2.840.113549.1.1.1");
const ED25519 = oid("1.3.101.112");

const spkiOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ format: "der", type: "spki" }));
const rsaSpki = (modulus: Uint8Array, exponent: Uint8Array): Uint8Array =>
  sequence(sequence(RSA, NULL), bitString(sequence(integer(modulus), integer(exponent))));

const F4 = Uint8Array.of(1, 0, 1);
const p256 = signingKey("ecdsa-p256");
const point = p256.spki.subarray(-65);
const p256Spki = (bits: Uint8Array): Uint8Array => sequence(sequence(EC, P256), bitString(bits));
const offCurve = point.with(64, (point[64] ?? 0) ^ 1);
const compressed = concat(Uint8Array.of(0x02 + ((point[64] ?? 0) & 1)), point.subarray(1, 33));

function rsaModulus(): Uint8Array {
  const { n = "" } = signingKey("rsa-2048").publicObject.export({ format: "jwk" });
  return new Uint8Array(Buffer.from(n, "base64url"));
}

/** Returns a modulus of 2048 bits that `factor` divides. */
function modulusWithFactor(factor: bigint): Uint8Array {
  const near = (1n << 2047n) + 12345n;
  const multiple = near - (near % factor) + factor;
  return new Uint8Array(Buffer.from(multiple.toString(16), "hex"));
}

describe("parsePublicKey", () => {
  it.each(KEY_KINDS)("accepts an %s key that OpenSSL made", (kind) => {
    const { spki } = signingKey(kind);
    expect(parsePublicKey(spki)).toMatchObject({ ok: true, value: { kind, spki } });
  });

  it("finds the points of OpenSSL's keys on their curves", () => {
    for (const namedCurve of ["P-256", "P-384", "P-521"]) {
      for (let i = 0; i < 20; i++) {
        expect(parsePublicKey(spkiOf(generateKeyPairSync("ec", { namedCurve }).publicKey)).ok).toBe(true);
      }
    }
  });

  it("rejects every key that OpenSSL rejects, whichever byte is changed", () => {
    for (const kind of ["ecdsa-p256", "rsa-2048"] as const) {
      const { spki } = signingKey(kind);
      fc.assert(
        fc.property(fc.nat(spki.length - 1), fc.nat(255), (at, byte) => {
          const mutated = spki.with(at, byte);
          if (parsePublicKey(mutated).ok) {
            expect(() => createPublicKey({ key: Buffer.from(mutated), format: "der", type: "spki" })).not.toThrow();
          }
        }),
        { numRuns: 300 },
      );
    }
  });

  it.each<[string, string, Uint8Array]>([
    ["nothing", "public_key_invalid", new Uint8Array(0)],
    ["PEM text", "public_key_invalid", Buffer.from(p256.publicObject.export({ format: "pem", type: "spki" }))],
    ["a trailing byte", "public_key_invalid", concat(p256.spki, Uint8Array.of(0))],
    ["a truncated key", "public_key_invalid", p256.spki.subarray(0, -1)],
    ["a point off its curve", "public_key_invalid", p256Spki(offCurve)],
    ["a compressed point", "public_key_invalid", p256Spki(compressed)],
    ["a hybrid point", "public_key_invalid", p256Spki(point.with(0, 0x06 + ((point[64] ?? 0) & 1)))],
    ["the point at infinity", "public_key_invalid", p256Spki(Uint8Array.of(0))],
    ["an EC key without a curve", "public_key_invalid", sequence(sequence(EC), bitString(point))],
    ["an EC key whose curve is NULL", "public_key_invalid", sequence(sequence(EC, NULL), bitString(point))],
    ["P-256's point on P-384", "public_key_invalid", sequence(sequence(EC, oid("1.3.132.0.34")), bitString(point))],
    ["Ed25519 of 31 bytes", "public_key_invalid", sequence(sequence(ED25519), bitString(new Uint8Array(31)))],
    ["Ed25519 with parameters", "public_key_invalid", sequence(sequence(ED25519, NULL), bitString(new Uint8Array(32)))],
    [
      "RSA without NULL",
      "public_key_invalid",
      sequence(sequence(RSA), bitString(sequence(integer(rsaModulus()), integer(F4)))),
    ],
    [
      "PKCS#1",
      "public_key_invalid",
      new Uint8Array(signingKey("rsa-2048").publicObject.export({ format: "der", type: "pkcs1" })),
    ],
    [
      "a private key",
      "public_key_invalid",
      new Uint8Array(p256.privateObject.export({ format: "der", type: "pkcs8" })),
    ],
    ["P-224", "public_key_weak", spkiOf(generateKeyPairSync("ec", { namedCurve: "secp224r1" }).publicKey)],
    ["secp256k1", "public_key_unsupported", spkiOf(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey)],
    ["X25519", "public_key_unsupported", spkiOf(generateKeyPairSync("x25519").publicKey)],
    ["Ed448", "public_key_unsupported", spkiOf(generateKeyPairSync("ed448").publicKey)],
    [
      "DSA",
      "public_key_unsupported",
      spkiOf(generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }).publicKey),
    ],
    ["RSA-PSS", "public_key_unsupported", spkiOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey)],
    ["RSA 1024", "public_key_weak", spkiOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey)],
    ["RSA 2047", "public_key_weak", rsaSpki(rsaModulus().with(0, 0x7f), F4)],
    [
      "RSA with exponent 3",
      "public_key_weak",
      spkiOf(generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).publicKey),
    ],
    ["RSA with exponent 1", "public_key_weak", rsaSpki(rsaModulus(), Uint8Array.of(1))],
    ["RSA with an even modulus", "public_key_weak", rsaSpki(rsaModulus().with(255, 0xfe), F4)],
    ["RSA with a factor of 3", "public_key_weak", rsaSpki(modulusWithFactor(3n), F4)],
    ["RSA with a factor of 751", "public_key_weak", rsaSpki(modulusWithFactor(751n), F4)],
    ["RSA 2056", "public_key_weak", spkiOf(generateKeyPairSync("rsa", { modulusLength: 2056 }).publicKey)],
  ])("rejects %s: %s", (_, code, spki) => {
    expect(parsePublicKey(spki)).toEqual({ ok: false, error: { code } });
  });
});
