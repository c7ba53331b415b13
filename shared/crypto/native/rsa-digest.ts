// SPDX-License-Identifier: Apache-2.0
// Verifies RSA PKCS#1 v1.5 over a digest where node:crypto is available: the public operation and the padding are
// native, and the DigestInfo is compared whole. One-shot crypto.verify does not work: in workerd it takes no digest,
// and it accepts PKCS#1 v1.5 as PSS.

import { Buffer } from "node:buffer";
import { createPublicKey, publicDecrypt } from "node:crypto";
import { equal } from "../../bytes/bytes.ts";
import type { HashAlgorithm } from "../hash.ts";
import { encodeDigestInfo } from "../pkcs1.ts";
import type { RsaPublicKey } from "../public-key.ts";

/** Whether `signature` is the key's PKCS#1 v1.5 signature over `digest`. */
export function verifyRsaDigest(
  key: RsaPublicKey,
  hash: HashAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== key.modulus.length) return false;
  const info = openSignature(key, signature);
  return info !== null && equal(info, encodeDigestInfo(hash, digest));
}

/**
 * Returns the bytes behind the padding of block type 1 (publicDecrypt's default), or null if the padding is malformed.
 */
function openSignature({ spki }: RsaPublicKey, signature: Uint8Array): Uint8Array | null {
  try {
    return publicDecrypt(createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }), signature);
  } catch {
    return null;
  }
}
