// SPDX-License-Identifier: Apache-2.0
// Verifies Ed25519ph over the SHA-512 digest of a message, with an empty context. noble's ed25519ph would hash its
// input again and uses the cofactored equation. Go does not: a verifier that accepts more than Go does would divide the
// clients.
// Spec: RFC 8032 §5.1, §5.1.7; dom2(1, "").

import { mulAddUnsafe } from "@noble/curves/abstract/curve.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equal } from "../bytes/bytes.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { toBigInt } from "./curves.ts";
import { decodeEd25519Point } from "./ed25519-point.ts";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
/** dom2(F, C) = "SigEd25519 no Ed25519 collisions" ‖ F ‖ length of C ‖ C, with F = 1 for the prehash variant. */
const DOM2 = concat(encodeUtf8("SigEd25519 no Ed25519 collisions"), Uint8Array.of(1, 0));

/**
 * Whether `signature` (R ‖ S) is the key's over `digest` (64 bytes). Accepts canonical encodings only, and rejects a
 * public key of small order, whose signatures say nothing about the digest. Multiplies without a table of the base
 * point, which would take a fresh isolate 10 ms to build.
 */
export function verifyEd25519phDigest(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || digest.length !== 64) return false;
  const key = decodeEd25519Point(publicKey);
  const commitment = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (key === null || key.isSmallOrder() || s >= ORDER) return false;
  const k = littleEndian(sha512(concat(DOM2, commitment, publicKey, digest))) % ORDER;
  // R = S·B − k·A, compared as encoded.
  return equal(mulAddUnsafe(Point, [Point.BASE, key.negate()], [s, k]).toBytes(), commitment);
}

const littleEndian = (bytes: Uint8Array): bigint => toBigInt(bytes.toReversed());
