// SPDX-License-Identifier: Apache-2.0
// Valid and invalid signatures over digests, for which two verifiers must agree.

import { constants, createHash, privateEncrypt, sign } from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { concat } from "../../../shared/bytes/bytes.ts";
import { CURVES, type EcdsaKind, modulo, toBigInt } from "../../../shared/crypto/curves.ts";
import { decodeEcdsaSignature } from "../../../shared/crypto/ecdsa-signature.ts";
import { encodePkcs1 } from "../../../shared/crypto/pkcs1.ts";
import { createSigningKey, type SigningKey, signingKey } from "../authority/signing-keys.ts";

/** A signature over a digest and the expected verdict. */
export interface DigestCase {
  readonly name: string;
  readonly digest: Uint8Array;
  /** The signature; for ECDSA r ‖ s. */
  readonly signature: Uint8Array;
  readonly isValid: boolean;
}

/** Cases of one ECDSA key. */
export interface EcdsaCases {
  readonly spki: Uint8Array;
  readonly cases: readonly DigestCase[];
}

const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1);

/** Makes cases with a new key of this kind around one message signed by OpenSSL; `seed` determines the message. */
export function ecdsaCases(kind: EcdsaKind, seed: number): EcdsaCases {
  const key = createSigningKey(kind);
  const { n, coordinateBytes: size } = CURVES[kind];
  const message = new TextEncoder().encode(`message ${seed}`);
  const digest = hashOf(key, message);
  const signature = signRaw(key, message);
  const r = toBigInt(signature.subarray(0, size));
  const s = toBigInt(signature.subarray(size));
  const pair = (first: bigint, second: bigint): Uint8Array => concat(octets(first, size), octets(second, size));
  // Verifies under −Q: a verifier that compares u2·Q by its x coordinate only would accept it.
  const negated = octets(modulo(-toBigInt(digest), n), size);
  const spoil = (name: string, other: Uint8Array, over = digest): DigestCase => ({
    name,
    digest: over,
    signature: other,
    isValid: false,
  });
  return {
    spki: key.spki,
    cases: [
      { name: "as signed", digest, signature, isValid: true },
      { name: "the other s", digest, signature: pair(r, n - s), isValid: true },
      spoil("another r", pair(n - r, s)),
      spoil("r and s swapped", pair(s, r)),
      spoil("r = 0", pair(0n, s)),
      spoil("s = 0", pair(r, 0n)),
      spoil("r = n", pair(n, s)),
      spoil("s = n", pair(r, n)),
      spoil("r = s = 1", pair(1n, 1n)),
      spoil("r = n − 1, s = n − 1", pair(n - 1n, n - 1n)),
      spoil("s = r, so that u2 = 1", pair(r, r)),
      spoil("s = n − r, so that u2 = n − 1", pair(r, n - r)),
      spoil("r + n", pair(r + n < 1n << BigInt(8 * size) ? r + n : 0n, s)),
      spoil("a bit of r", flip(signature, size - 1)),
      spoil("a bit of s", flip(signature, 2 * size - 1)),
      spoil("a bit of the digest", signature, flip(digest, 0)),
      spoil("the last bit of the digest", signature, flip(digest, digest.length - 1)),
      spoil("the negated digest", signature, negated),
      spoil("a zero digest", signature, new Uint8Array(digest.length)),
      spoil("a short signature", signature.subarray(1)),
      spoil("a long signature", concat(signature, Uint8Array.of(0))),
      spoil("no signature", new Uint8Array(0)),
    ],
  };
}

/** Makes cases with an RSA key: encodings that lenient verifiers accepted as PKCS#1 v1.5. */
export function rsaCases(kind: "rsa-2048" | "rsa-3072" | "rsa-4096"): readonly DigestCase[] {
  const key = signingKey(kind);
  const message = new TextEncoder().encode("message");
  const digest = hashOf(key, message);
  const size = Number(kind.slice(4)) / 8;
  const good = encodePkcs1("SHA-256", digest, size);
  const noNull = concat(Uint8Array.of(0x30, 0x2f, 0x30, 0x0b), good.subarray(-47, -36), good.subarray(-34));
  const withTail = (info: Uint8Array, fill: number, tail: number): Uint8Array =>
    concat(Uint8Array.of(0, 1), new Uint8Array(fill).fill(0xff), Uint8Array.of(0), info, new Uint8Array(tail));
  const info = good.subarray(-51);
  const caseOf = (name: string, encoded: Uint8Array, isValid = false): DigestCase => ({
    name,
    digest,
    signature: signRawRsa(key, encoded),
    isValid,
  });
  const pss = sign("sha256", message, {
    key: key.privateObject,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  });
  const signature = new Uint8Array(sign("sha256", message, key.privateObject));
  const spoil = (name: string, other: Uint8Array, over = digest): DigestCase => ({
    name,
    digest: over,
    signature: other,
    isValid: false,
  });
  return [
    { name: "as signed", digest, signature, isValid: true },
    caseOf("as encoded here", good, true),
    caseOf("seven octets of padding and a tail", withTail(info, 7, size - 61)),
    caseOf("eight octets of padding and a tail", withTail(info, 8, size - 62)),
    caseOf("block type 2", good.with(1, 2)),
    caseOf("block type 0", good.with(1, 0)),
    caseOf("a first octet", good.with(0, 1)),
    caseOf("a damaged padding octet", good.with(20, 0xfe)),
    caseOf("a zero in the padding", good.with(20, 0)),
    caseOf("a DigestInfo without NULL", withTail(noNull, size - 3 - noNull.length, 0)),
    caseOf("the bare digest", withTail(digest, size - 35, 0)),
    caseOf("a trailing octet", withTail(info, size - 3 - info.length - 1, 1)),
    caseOf("another hash's OID", good.with(size - 34, 2)),
    spoil("a PSS signature", new Uint8Array(pss)),
    spoil("a bit of the signature", flip(signature, 5)),
    spoil("a bit of the digest", signature, flip(digest, 0)),
    spoil("a short signature", signature.subarray(1)),
    spoil("a long signature", concat(Uint8Array.of(0), signature)),
    spoil("no signature", new Uint8Array(0)),
    spoil("zero", new Uint8Array(size)),
    spoil("one", new Uint8Array(size).with(size - 1, 1)),
    spoil("beyond the modulus", new Uint8Array(size).fill(0xff)),
  ];
}

/** Hashes a message with the key's hash. */
export function hashOf({ hash }: SigningKey, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(hash.replace("-", "")).update(message).digest());
}

function signRaw(key: SigningKey, message: Uint8Array): Uint8Array {
  const der = new Uint8Array(sign(key.hash.replace("-", ""), message, key.privateObject));
  const raw = decodeEcdsaSignature(der, CURVES[key.kind as EcdsaKind].coordinateBytes);
  if (!raw.ok) throw new Error(raw.error.code);
  return raw.value;
}

const signRawRsa = ({ privateObject }: SigningKey, encoded: Uint8Array): Uint8Array =>
  new Uint8Array(privateEncrypt({ key: privateObject, padding: constants.RSA_NO_PADDING }, encoded));

const NOBLE = { "ecdsa-p256": p256, "ecdsa-p384": p384, "ecdsa-p521": p521 };

/**
 * Makes signatures, all valid except one, whose sum of points is a doubling, has a summand at infinity, or ends
 * there. Needs the private key.
 */
export function degenerateCases(kind: EcdsaKind, seed: number): EcdsaCases {
  const key = createSigningKey(kind);
  const { d: encoded = "" } = key.privateObject.export({ format: "jwk" });
  const d = toBigInt(new Uint8Array(Buffer.from(encoded, "base64url")));
  const { Point } = NOBLE[kind];
  const { Fn } = Point;
  const { coordinateBytes: size } = CURVES[kind];
  const k = BigInt(seed) + 2n;
  const r = Fn.create(Point.BASE.multiply(k).toAffine().x);
  // s·u1 = z, s·u2 = r, and k = u1 + u2·d makes the signature valid.
  const withFactors = (name: string, u1: bigint, u2: bigint, isValid = true): DigestCase => {
    const s = Fn.div(r, u2);
    const digest = octets(Fn.mul(s, u1) << BigInt(8 * size - Fn.BITS), size);
    return { name, digest, signature: concat(octets(r, size), octets(s, size)), isValid };
  };
  const half = Fn.div(k, 2n);
  return {
    spki: key.spki,
    cases: [
      withFactors("u1 = 0", 0n, Fn.div(k, d)),
      withFactors("u2 = 1", Fn.sub(k, d), 1n),
      withFactors("u2 = n − 1", Fn.add(k, d), Fn.neg(1n)),
      withFactors("u2 = n − 2", Fn.add(k, Fn.mul(2n, d)), Fn.neg(2n)),
      withFactors("u1·G = u2·Q", half, Fn.div(half, d)),
      withFactors("u1·G = −u2·Q", half, Fn.neg(Fn.div(half, d)), false),
      withFactors("u1 = 1", 1n, Fn.div(Fn.sub(k, 1n), d)),
      withFactors("u1 = n − 1", Fn.neg(1n), Fn.div(Fn.add(k, 1n), d)),
    ],
  };
}

const octets = (value: bigint, size: number): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(2 * size, "0"), "hex"));
