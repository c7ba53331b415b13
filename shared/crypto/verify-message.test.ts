// SPDX-License-Identifier: Apache-2.0

import { constants, createHash, sign, verify } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSigningKey, KEY_KINDS, signingKey } from "../../test/support/authority/signing-keys.ts";
import { makeWrongSignatures } from "../../test/support/digests/wrong-signatures.ts";
import { readWycheproof } from "../../test/support/digests/wycheproof.ts";
import { CURVES, toBigInt } from "./curves.ts";
import { decodeEcdsaSignature, encodeEcdsaSignature } from "./ecdsa-signature.ts";
import { parsePublicKey } from "./public-key.ts";
import { verifyMessage } from "./verify-message.ts";

const message = new TextEncoder().encode("a message");

describe("verifyMessage", () => {
  it.each(KEY_KINDS)("accepts what OpenSSL signed with %s, and no variation", async (kind) => {
    const { publicKey, privateObject } = signingKey(kind);
    const signature = new Uint8Array(sign(kind === "ed25519" ? null : "sha384", message, privateObject));
    expect(await verifyMessage(publicKey, "SHA-384", message, signature)).toBe(true);
    const other = kind.startsWith("rsa")
      ? signingKey(kind === "rsa-2048" ? "rsa-3072" : "rsa-2048")
      : createSigningKey(kind);
    expect(await verifyMessage(other.publicKey, "SHA-384", message, signature)).toBe(false);
    expect(await verifyMessage(publicKey, "SHA-384", message.with(0, 0), signature)).toBe(false);
    expect(await verifyMessage(publicKey, "SHA-384", message, signature.with(40, (signature[40] ?? 0) ^ 1))).toBe(
      false,
    );
    expect(await verifyMessage(publicKey, "SHA-384", message, new Uint8Array(0))).toBe(false);
    if (kind !== "ed25519") expect(await verifyMessage(publicKey, "SHA-256", message, signature)).toBe(false);
  });

  it.each(KEY_KINDS)("gives every byte string the verdict that OpenSSL gives it, for %s", async (kind) => {
    const { publicKey, publicObject, privateObject } = signingKey(kind);
    const name = kind === "ed25519" ? null : "sha384";
    const valid = new Uint8Array(sign(name, message, privateObject));
    const judge = async (signature: Uint8Array): Promise<void> => {
      expect(await verifyMessage(publicKey, "SHA-384", message, signature)).toBe(
        verify(name, message, publicObject, signature),
      );
    };
    for (const { signature } of makeWrongSignatures(valid, 3)) await judge(signature);
    const damaged = fc.tuple(fc.nat(valid.length), fc.uint8Array({ maxLength: 8 })).map(([at, bytes]) => {
      return Uint8Array.from([...valid.subarray(0, at), ...bytes, ...valid.subarray(at + bytes.length)]);
    });
    await fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 600 }), damaged), judge), { numRuns: 100 });
  });

  it.each(["SHA-256", "SHA-384", "SHA-512"] as const)("accepts %s with P-256", async (hash) => {
    const { publicKey, privateObject } = signingKey("ecdsa-p256");
    const signature = sign(hash.replace("-", ""), message, privateObject);
    expect(await verifyMessage(publicKey, hash, message, new Uint8Array(signature))).toBe(true);
  });

  it("accepts s in either half, as Go and OpenSSL do", async () => {
    const { publicKey, privateObject } = signingKey("ecdsa-p256");
    const raw = decodeEcdsaSignature(sign("sha256", message, privateObject), 32);
    if (!raw.ok) throw new Error(raw.error.code);
    const s = CURVES["ecdsa-p256"].n - toBigInt(raw.value.subarray(32));
    const other = raw.value.slice();
    other.set(Buffer.from(s.toString(16).padStart(64, "0"), "hex"), 32);
    for (const signature of [raw.value, other]) {
      expect(await verifyMessage(publicKey, "SHA-256", message, encodeEcdsaSignature(signature))).toBe(true);
    }
  });

  it("rejects raw r and s", async () => {
    const { publicKey, privateObject } = signingKey("ecdsa-p256");
    const raw = sign("sha256", message, { key: privateObject, dsaEncoding: "ieee-p1363" });
    expect(await verifyMessage(publicKey, "SHA-256", message, new Uint8Array(raw))).toBe(false);
  });

  it("rejects an RSA-PSS signature", async () => {
    const { publicKey, privateObject } = signingKey("rsa-2048");
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const signature = sign("sha256", message, { key: privateObject, padding, saltLength: 32 });
    expect(await verifyMessage(publicKey, "SHA-256", message, new Uint8Array(signature))).toBe(false);
  });

  it("rejects a signature over the digest as message", async () => {
    const { publicKey, privateObject } = signingKey("ecdsa-p256");
    const digest = createHash("sha256").update(message).digest();
    const { d = "" } = privateObject.export({ format: "jwk" });
    const options = { prehash: false, lowS: false, format: "der" } as const;
    const signature = p256.sign(digest, new Uint8Array(Buffer.from(d, "base64url")), options);
    expect(await verifyMessage(publicKey, "SHA-256", message, signature)).toBe(true);
    expect(await verifyMessage(publicKey, "SHA-256", digest, signature)).toBe(false);
  });

  it.each([
    ["ecdsa_secp256r1_sha256", "SHA-256"],
    ["ecdsa_secp384r1_sha384", "SHA-384"],
    ["ecdsa_secp521r1_sha512", "SHA-512"],
    ["ed25519", "SHA-512"],
    ["rsa_signature_2048_sha256", "SHA-256"],
  ] as const)("agrees with Wycheproof on %s", async (file, hash) => {
    for (const { name, spki, message: signed, signature, isValid } of readWycheproof(file)) {
      const key = parsePublicKey(spki);
      const verdict = key.ok && (await verifyMessage(key.value, hash, signed, signature));
      // Wycheproof also has RSA keys with the exponent 3, which we reject.
      expect([name, verdict]).toEqual([name, isValid && key.ok]);
      expect(key.ok || key.error.code === "public_key_weak").toBe(true);
    }
  });
});
