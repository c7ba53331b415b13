// SPDX-License-Identifier: Apache-2.0
// Verifies a signature over a digest without its message, as in a hashedrekord entry. WebCrypto always hashes its
// input, so each kind of key has its own implementation.

import { verifyEcdsaDigest } from "#ecdsa-digest";
import { verifyRsaDigest } from "#rsa-digest";
import { unreachable } from "../unreachable.ts";
import { CURVES } from "./curves.ts";
import { decodeEcdsaSignature } from "./ecdsa-signature.ts";
import { verifyEd25519phDigest } from "./ed25519ph.ts";
import type { HashAlgorithm } from "./hash.ts";
import type { PublicKey } from "./public-key.ts";

/**
 * Whether `signature` is the key's over `digest`, which `hash` computed. ECDSA: strict DER, s in either half of its
 * range. RSA: PKCS#1 v1.5. Ed25519: Ed25519ph with an empty context; `hash` is ignored, since Ed25519ph always uses
 * SHA-512.
 */
export function verifyDigest(key: PublicKey, hash: HashAlgorithm, digest: Uint8Array, signature: Uint8Array): boolean {
  switch (key.kind) {
    case "ecdsa-p256":
    case "ecdsa-p384":
    case "ecdsa-p521": {
      const raw = decodeEcdsaSignature(signature, CURVES[key.kind].coordinateBytes);
      return raw.ok && verifyEcdsaDigest(key, digest, raw.value);
    }
    case "rsa-2048":
    case "rsa-3072":
    case "rsa-4096":
      return verifyRsaDigest(key, hash, digest, signature);
    case "ed25519":
      return verifyEd25519phDigest(key.point, digest, signature);
    default:
      return unreachable(key);
  }
}
