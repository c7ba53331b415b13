// SPDX-License-Identifier: Apache-2.0
// The parameters of the NIST curves, and the check that a point is on one. Spec: SP 800-186 §3.2.1; SEC 1 §2.3.4.

import { encodeHex } from "../bytes/hex.ts";

/** A curve y² = x³ − 3x + b with cofactor 1. */
export interface Curve {
  /** Octets in a coordinate, and in r and s. */
  readonly coordinateBytes: number;
  /** Field prime. */
  readonly p: bigint;
  /** Order of the base point. */
  readonly n: bigint;
  /** The coefficient b. */
  readonly b: bigint;
}

/** An ECDSA key by its curve. */
export type EcdsaKind = "ecdsa-p256" | "ecdsa-p384" | "ecdsa-p521";

export const CURVES: Readonly<Record<EcdsaKind, Curve>> = {
  "ecdsa-p256": {
    coordinateBytes: 32,
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  "ecdsa-p384": {
    coordinateBytes: 48,
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  "ecdsa-p521": {
    coordinateBytes: 66,
    p: (1n << 521n) - 1n,
    n: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

/** Reduces `value`, of either sign, to 0 … modulus − 1. */
export function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/**
 * Whether `point` is an uncompressed point (04 ‖ x ‖ y) on the curve with both coordinates below p, as SEC 1 §3.2.2.1
 * requires of a public key.
 */
export function isOnCurve({ coordinateBytes, p, b }: Curve, point: Uint8Array): boolean {
  if (point.length !== 1 + 2 * coordinateBytes || point[0] !== 0x04) return false;
  const x = toBigInt(point.subarray(1, 1 + coordinateBytes));
  const y = toBigInt(point.subarray(1 + coordinateBytes));
  return x < p && y < p && modulo(y * y - (x * x - 3n) * x - b, p) === 0n;
}

/** Reads an unsigned big-endian integer. */
export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${encodeHex(bytes)}`);
}
