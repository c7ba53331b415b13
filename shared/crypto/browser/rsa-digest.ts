// SPDX-License-Identifier: Apache-2.0
// Verifies RSA PKCS#1 v1.5 over a digest in the browser: computes the public operation with BigInt and compares the
// whole encoded message.
// Spec: RFC 8017 §8.2.2.

import { equal } from "../../bytes/bytes.ts";
import { decodeHex } from "../../bytes/hex.ts";
import { toBigInt } from "../curves.ts";
import type { HashAlgorithm } from "../hash.ts";
import { encodePkcs1 } from "../pkcs1.ts";
import type { RsaPublicKey } from "../public-key.ts";

/** Whether `signature` is the key's PKCS#1 v1.5 signature over `digest`. */
export function verifyRsaDigest(
  { modulus }: RsaPublicKey,
  hash: HashAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const n = toBigInt(modulus);
  const s = toBigInt(signature);
  if (signature.length !== modulus.length || s >= n) return false;
  const opened = decodeHex(
    power65537(s, n)
      .toString(16)
      .padStart(2 * modulus.length, "0"),
  );
  return opened.ok && equal(opened.value, encodePkcs1(hash, digest, modulus.length));
}

/** Computes base^65537 mod n: sixteen squarings and one product. */
function power65537(base: bigint, n: bigint): bigint {
  let power = base;
  for (let i = 0; i < 16; i++) power = (power * power) % n;
  return (power * base) % n;
}
