// SPDX-License-Identifier: Apache-2.0
// Verifies ECDSA over a digest where node:crypto is available. workerd's node:crypto cannot verify a digest, but its
// ECDH class multiplies points in native code, and nothing else is needed. The inputs are public: constant time is not
// required.
// Spec: FIPS 186-5 §6.4.2.

import { createECDH } from "node:crypto";
import { decodeHex } from "../../bytes/hex.ts";
import { CURVES, type Curve, type EcdsaKind, modulo, toBigInt } from "../curves.ts";
import type { EcdsaPublicKey } from "../public-key.ts";

const ECDH_CURVES: Readonly<Record<EcdsaKind, string>> = {
  "ecdsa-p256": "prime256v1",
  "ecdsa-p384": "secp384r1",
  "ecdsa-p521": "secp521r1",
};

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/**
 * Whether `signature`, r ‖ s of the curve's length, is the key's over `digest`: the point R = u1·G + u2·Q, with u1 =
 * z/s and u2 = r/s, must have x ≡ r (mod n). ECDH returns both coordinates for a multiple of G, but only x for a
 * multiple of another point, and adding points by x alone would confuse −Q with Q. The sum therefore comes first: R =
 * u2·(Q + (z/r)·G).
 */
export function verifyEcdsaDigest({ kind, point }: EcdsaPublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
  const curve = CURVES[kind];
  const { n, coordinateBytes } = curve;
  const r = toBigInt(signature.subarray(0, coordinateBytes));
  const s = toBigInt(signature.subarray(coordinateBytes));
  if (signature.length !== 2 * coordinateBytes || r === 0n || s === 0n || r >= n || s >= n) return false;
  const inverseOfProduct = inverse((r * s) % n, n);
  const t = (leftmostBits(digest, n) * s * inverseOfProduct) % n;
  const u2 = (r * r * inverseOfProduct) % n;
  const sum = add(curve, decodePoint(point), multiplyBase(kind, t));
  return sum !== null && multiplyX(kind, u2, sum) % n === r;
}

/** Returns z: as many of the digest's leftmost bits as n has (§6.4.2, step 2). */
function leftmostBits(digest: Uint8Array, n: bigint): bigint {
  const excess = 8 * digest.length - n.toString(2).length;
  return excess > 0 ? toBigInt(digest) >> BigInt(excess) : toBigInt(digest);
}

/** Returns k·G, or null for the point at infinity. */
function multiplyBase(kind: EcdsaKind, k: bigint): Point | null {
  if (k === 0n) return null;
  const ecdh = createECDH(ECDH_CURVES[kind]);
  ecdh.setPrivateKey(toOctets(k, CURVES[kind].coordinateBytes));
  return decodePoint(ecdh.getPublicKey());
}

/** Returns the x of k·point, where k is neither 0 nor a multiple of n. Throws if the point is not on the curve. */
function multiplyX(kind: EcdsaKind, k: bigint, { x, y }: Point): bigint {
  const { coordinateBytes } = CURVES[kind];
  const ecdh = createECDH(ECDH_CURVES[kind]);
  ecdh.setPrivateKey(toOctets(k, coordinateBytes));
  const encoded = new Uint8Array(1 + 2 * coordinateBytes).fill(0x04, 0, 1);
  encoded.set(toOctets(x, coordinateBytes), 1);
  encoded.set(toOctets(y, coordinateBytes), 1 + coordinateBytes);
  return toBigInt(ecdh.computeSecret(encoded));
}

/** Returns a + b in affine coordinates; null is the point at infinity. Spec: SEC 1 §2.2.1. */
function add({ p }: Curve, a: Point, b: Point | null): Point | null {
  if (b === null) return a;
  if (a.x === b.x && a.y !== b.y) return null;
  const slope =
    a.x === b.x
      ? modulo((3n * a.x * a.x - 3n) * inverse(2n * a.y, p), p)
      : modulo((b.y - a.y) * inverse(modulo(b.x - a.x, p), p), p);
  const x = modulo(slope * slope - a.x - b.x, p);
  return { x, y: modulo(slope * (a.x - x) - a.y, p) };
}

function decodePoint(point: Uint8Array): Point {
  const coordinateBytes = (point.length - 1) / 2;
  return {
    x: toBigInt(point.subarray(1, 1 + coordinateBytes)),
    y: toBigInt(point.subarray(1 + coordinateBytes)),
  };
}

function toOctets(value: bigint, length: number): Uint8Array {
  const octets = decodeHex(value.toString(16).padStart(2 * length, "0"));
  if (!octets.ok) throw new RangeError("a negative number");
  return octets.value;
}

/**
 * Returns 1/a modulo a prime that does not divide a, by Euclid's algorithm. Throughout u ≡ x·a and v ≡ y·a. The two
 * steps alternate, since swapping the pairs takes a third longer.
 */
function inverse(a: bigint, prime: bigint): bigint {
  let [u, v, x, y] = [prime, a, 0n, 1n];
  for (;;) {
    const fromU = u / v;
    u -= fromU * v;
    if (u === 0n) return modulo(y, prime);
    x -= fromU * y;
    const fromV = v / u;
    v -= fromV * u;
    if (v === 0n) return modulo(x, prime);
    y -= fromV * x;
  }
}
