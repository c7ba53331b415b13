// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { ed25519, ed25519ph } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createSigningKey,
  KEY_KINDS,
  signingKey,
  signMessage,
  verifyByNode,
} from "../../test/support/authority/signing-keys.ts";
import { degenerateCases, ecdsaCases, hashOf, rsaCases } from "../../test/support/digests/digest-cases.ts";
import { makeWrongSignatures } from "../../test/support/digests/wrong-signatures.ts";
import { readWycheproof } from "../../test/support/digests/wycheproof.ts";
import { concat } from "../bytes/bytes.ts";
import { decodeHex } from "../bytes/hex.ts";
import { verifyEcdsaDigest as ecdsaInBrowser } from "./browser/ecdsa-digest.ts";
import { verifyRsaDigest as rsaInBrowser } from "./browser/rsa-digest.ts";
import { encodeEcdsaSignature } from "./ecdsa-signature.ts";
import { verifyEd25519phDigest } from "./ed25519ph.ts";
import { verifyEcdsaDigest as ecdsaNatively } from "./native/ecdsa-digest.ts";
import { verifyRsaDigest as rsaNatively } from "./native/rsa-digest.ts";
import { type EcdsaPublicKey, parsePublicKey, type RsaPublicKey } from "./public-key.ts";
import { verifyDigest } from "./verify-digest.ts";

const message = new TextEncoder().encode("a message");

function hex(text: string): Uint8Array {
  const decoded = decodeHex(text);
  if (!decoded.ok) throw new Error(text);
  return decoded.value;
}

function ecdsaKey(spki: Uint8Array): EcdsaPublicKey {
  const key = parsePublicKey(spki);
  if (!key.ok || !key.value.kind.startsWith("ecdsa")) throw new Error("not an ECDSA key");
  return key.value as EcdsaPublicKey;
}

describe("verifyDigest", () => {
  it.each(KEY_KINDS)("gives every byte string a verdict for %s", (kind) => {
    const key = signingKey(kind);
    const digest = hashOf(key, message);
    for (const { name, signature } of makeWrongSignatures(signMessage(key, message), 4)) {
      expect([name, verifyDigest(key.publicKey, key.hash, digest, signature)]).toEqual([name, false]);
    }
  });

  it.each(KEY_KINDS)("accepts a signature of %s over the digest, and no variation", (kind) => {
    const key = signingKey(kind);
    const digest = hashOf(key, message);
    const signature = signMessage(key, message);
    const other = kind.startsWith("rsa")
      ? signingKey(kind === "rsa-2048" ? "rsa-3072" : "rsa-2048")
      : createSigningKey(kind);
    expect(verifyDigest(key.publicKey, key.hash, digest, signature)).toBe(true);
    expect(verifyDigest(other.publicKey, key.hash, digest, signature)).toBe(false);
    expect(verifyDigest(key.publicKey, key.hash, digest.with(0, (digest[0] ?? 0) ^ 1), signature)).toBe(false);
    expect(verifyDigest(key.publicKey, key.hash, hashOf(key, digest), signature)).toBe(false);
    for (const at of [0, 5, 40, signature.length - 1]) {
      const damaged = signature.with(at, (signature[at] ?? 0) ^ 1);
      expect(verifyDigest(key.publicKey, key.hash, digest, damaged)).toBe(false);
    }
  });

  it.each([
    ["ecdsa_secp256r1_sha256", "SHA-256"],
    ["ecdsa_secp384r1_sha384", "SHA-384"],
    ["ecdsa_secp521r1_sha512", "SHA-512"],
    ["rsa_signature_2048_sha256", "SHA-256"],
    ["rsa_signature_3072_sha256", "SHA-256"],
    ["rsa_signature_4096_sha256", "SHA-256"],
  ] as const)("agrees with Wycheproof on %s", (file, hash) => {
    const cases = readWycheproof(file);
    for (const { name, spki, message: signed, signature, isValid } of cases) {
      const key = parsePublicKey(spki);
      const digest = new Uint8Array(createHash(hash.replace("-", "")).update(signed).digest());
      // Wycheproof also has RSA keys with the exponent 3, which we reject.
      expect([name, key.ok && verifyDigest(key.value, hash, digest, signature)]).toEqual([name, isValid && key.ok]);
    }
  });

  it("rejects an Ed25519 signature over the message, or over the digest as message", () => {
    const { publicKey, privateObject } = signingKey("ed25519");
    const secret = new Uint8Array(Buffer.from(privateObject.export({ format: "jwk" }).d ?? "", "base64url"));
    const digest = hashOf(signingKey("ed25519"), message);
    expect(verifyDigest(publicKey, "SHA-512", digest, ed25519.sign(message, secret))).toBe(false);
    expect(verifyDigest(publicKey, "SHA-512", digest, ed25519.sign(digest, secret))).toBe(false);
  });

  it("rejects raw r and s", () => {
    const { spki, cases } = ecdsaCases("ecdsa-p256", 0);
    const [good] = cases;
    const raw = good?.signature ?? new Uint8Array(0);
    const digest = good?.digest ?? new Uint8Array(0);
    expect(verifyDigest(ecdsaKey(spki), "SHA-256", digest, encodeEcdsaSignature(raw))).toBe(true);
    expect(verifyDigest(ecdsaKey(spki), "SHA-256", digest, raw)).toBe(false);
  });
});

describe("ECDSA, native and in the browser", () => {
  it.each([
    ["ecdsa-p256", 8],
    ["ecdsa-p384", 2],
    ["ecdsa-p521", 2],
  ] as const)("agree on %s", (kind, keys) => {
    for (let seed = 0; seed < keys; seed++) {
      const { spki, cases } = ecdsaCases(kind, seed);
      const key = ecdsaKey(spki);
      for (const { name, digest, signature, isValid } of cases) {
        const verdicts = [
          verdictOf(ecdsaNatively, key, digest, signature),
          verdictOf(ecdsaInBrowser, key, digest, signature),
        ];
        expect([name, ...verdicts]).toEqual([name, isValid, isValid]);
      }
    }
  });

  it.each([
    ["ecdsa-p256", 8],
    ["ecdsa-p384", 2],
    ["ecdsa-p521", 2],
  ] as const)("agree where the addition of points degenerates on %s", (kind, keys) => {
    for (let seed = 0; seed < keys; seed++) {
      const { spki, cases } = degenerateCases(kind, seed * 7919);
      const key = ecdsaKey(spki);
      for (const { name, digest, signature, isValid } of cases) {
        const verdicts = [ecdsaNatively(key, digest, signature), ecdsaInBrowser(key, digest, signature)];
        expect([name, ...verdicts]).toEqual([name, isValid, isValid]);
      }
    }
  });

  it("agree with OpenSSL on any message", () => {
    const key = signingKey("ecdsa-p256");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (signed, claimed) => {
        const signature = signMessage(key, signed);
        const verdict = verifyDigest(key.publicKey, key.hash, hashOf(key, claimed), signature);
        expect(verdict).toBe(verifyByNode(key, claimed, signature));
      }),
      { numRuns: 50 },
    );
  });

  it("never throw, whatever the signature", () => {
    const { publicKey } = signingKey("ecdsa-p256");
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (raw, digest) => {
          expect(ecdsaNatively(publicKey as EcdsaPublicKey, digest, raw)).toBe(false);
        },
      ),
      { numRuns: 50 },
    );
  });
});

/** noble throws for a length that verify-digest.ts never passes on. */
function verdictOf(
  verify: typeof ecdsaNatively,
  key: EcdsaPublicKey,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  return signature.length === key.point.length - 1 && verify(key, digest, signature);
}

describe("RSA, native and in the browser", () => {
  it.each(["rsa-2048", "rsa-3072", "rsa-4096"] as const)("agree on %s", (kind) => {
    const key = signingKey(kind).publicKey as RsaPublicKey;
    for (const { name, digest, signature, isValid } of rsaCases(kind)) {
      const verdicts = [
        rsaNatively(key, "SHA-256", digest, signature),
        rsaInBrowser(key, "SHA-256", digest, signature),
      ];
      expect([name, ...verdicts]).toEqual([name, isValid, isValid]);
    }
  });
});

describe("verifyEd25519phDigest", () => {
  const { Point } = ed25519;
  const order = Point.Fn.ORDER;
  const littleEndian = (value: bigint): Uint8Array =>
    new Uint8Array(Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed());
  const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);
  const sha512 = (...parts: readonly Uint8Array[]): Uint8Array =>
    new Uint8Array(
      createHash("sha512")
        .update(concat(...parts))
        .digest(),
    );

  // RFC 8032 §7.3: the message is "abc".
  const publicKey = hex("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf");
  const signature = hex(
    "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41" +
      "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406",
  );
  const digest = sha512(new TextEncoder().encode("abc"));

  it("accepts the vector of RFC 8032 §7.3 by its digest", () => {
    expect(verifyEd25519phDigest(publicKey, digest, signature)).toBe(true);
    expect(verifyEd25519phDigest(publicKey, sha512(digest), signature)).toBe(false);
    expect(verifyEd25519phDigest(publicKey, digest.subarray(0, 32), signature)).toBe(false);
  });

  it("rejects S + L, another encoding of the same signature", () => {
    const s = numberOf(signature.subarray(32));
    const other = concat(signature.subarray(0, 32), littleEndian(s + order));
    expect(verifyEd25519phDigest(publicKey, digest, other)).toBe(false);
  });

  it("rejects a signature with a context", () => {
    const secret = hex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42");
    const abc = new TextEncoder().encode("abc");
    const other = ed25519ph.sign(abc, secret, { context: new TextEncoder().encode("c") });
    expect(verifyEd25519phDigest(publicKey, digest, other)).toBe(false);
  });

  it("rejects keys of small order, for which anybody can sign anything", () => {
    const identity = Point.ZERO.toBytes();
    const forged = concat(identity, new Uint8Array(32));
    expect(ed25519ph.verify(forged, new TextEncoder().encode("abc"), identity, { zip215: true })).toBe(true);
    expect(verifyEd25519phDigest(identity, digest, forged)).toBe(false);
  });

  it("rejects keys that are not canonical points", () => {
    expect(verifyEd25519phDigest(littleEndian(2n), digest, signature)).toBe(false);
    expect(verifyEd25519phDigest(littleEndian((1n << 255n) - 19n + 1n), digest, signature)).toBe(false);
  });

  it("checks the equation without the cofactor, as Go does", () => {
    // A key with a component of order 8: its signatures satisfy the cofactored equation always, the other one for one k
    // in eight.
    const torsion = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    const [a, r] = [12345n, 67890n];
    const key = Point.BASE.multiply(a).add(torsion).toBytes();
    const commitment = Point.BASE.multiply(r).toBytes();
    const dom2 = concat(new TextEncoder().encode("SigEd25519 no Ed25519 collisions"), Uint8Array.of(1, 0));
    let taken = 0;
    for (let i = 0; i < 64; i++) {
      const signed = Uint8Array.of(i);
      const k = numberOf(sha512(dom2, commitment, key, sha512(signed))) % order;
      const made = concat(commitment, littleEndian((r + k * a) % order));
      expect(ed25519ph.verify(made, signed, key, { zip215: false })).toBe(true);
      const verdict = verifyEd25519phDigest(key, sha512(signed), made);
      expect(verdict).toBe(k % 8n === 0n);
      taken += Number(verdict);
    }
    expect(taken).toBeLessThan(32);
  });
});
