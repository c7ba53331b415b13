// SPDX-License-Identifier: Apache-2.0
// Decodes Ed25519 public keys, which are encoded points. Spec: RFC 8032 §5.1.3.

import { ed25519 } from "@noble/curves/ed25519.js";

/** A decoded point of @noble/curves. */
export type Ed25519Point = InstanceType<typeof ed25519.Point>;

/**
 * Decodes 32 bytes: y below 2^255 − 19, little-endian, with the sign of x in the top bit, on the curve. Returns null
 * for any other encoding, since RFC 8032 §5.1.3 has exactly one per point. Accepts points of small order; see
 * isSmallOrder().
 */
export function decodeEd25519Point(bytes: Uint8Array): Ed25519Point | null {
  try {
    return ed25519.Point.fromBytes(bytes, false);
  } catch {
    return null;
  }
}
