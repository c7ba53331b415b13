// SPDX-License-Identifier: Apache-2.0
// ECDSA over a digest by @noble/curves: where no native way exists, and the oracle of the native one.

import { p256, p384, p521 } from "@noble/curves/nist.js";
import type { EcdsaPublicKey } from "./public-key.ts";

const CURVES = { "ecdsa-p256": p256, "ecdsa-p384": p384, "ecdsa-p521": p521 };

// noble's defaults hash the message and refuse s > n/2, which OpenSSL and Go produce half of the time.
const OPTIONS = { prehash: false, lowS: false, format: "compact" } as const;

/** Whether `signature`, r ‖ s of the curve's length, is the key's over `digest`. */
export function verifyEcdsaDigestPortably(key: EcdsaPublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
  return CURVES[key.kind].verify(signature, digest, key.point, OPTIONS);
}
