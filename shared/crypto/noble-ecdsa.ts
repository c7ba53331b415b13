// SPDX-License-Identifier: Apache-2.0
// Verifies ECDSA over a digest with @noble/curves, where there is no native way; also the oracle for the native one.

import { p256, p384, p521 } from "@noble/curves/nist.js";
import type { EcdsaPublicKey } from "./public-key.ts";

const CURVES = { "ecdsa-p256": p256, "ecdsa-p384": p384, "ecdsa-p521": p521 };

// By default noble hashes the message and rejects s > n/2, which half of the signatures by OpenSSL and Go have.
const OPTIONS = { prehash: false, lowS: false, format: "compact" } as const;

/** Whether `signature`, r ‖ s of the curve's length, is the key's over `digest`. */
export function verifyEcdsaDigestPortably(key: EcdsaPublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
  return CURVES[key.kind].verify(signature, digest, key.point, OPTIONS);
}
