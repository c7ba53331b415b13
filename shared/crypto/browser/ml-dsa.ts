// SPDX-License-Identifier: Apache-2.0
// ML-DSA-44 by WebCrypto: of browsers, and of workerd under the flag webcrypto_modern_algorithms.
// Spec: https://wicg.github.io/webcrypto-modern-algos/#ml-dsa; FIPS 204 §5.3

import { mlDsa44Spki } from "../spki.ts";

const ALGORITHM = { name: "ML-DSA-44" } as const;

/** Whether this runtime can verify at all, as far as it says so. */
export const canVerifyMlDsa44 = (): boolean => {
  const subtle = SubtleCrypto as unknown as { readonly supports?: (operation: string, name: string) => boolean };
  return subtle.supports?.("verify", ALGORITHM.name) === true;
};

/**
 * Whether a pure signature with an empty context is that of the key, 1,312 bytes. Rejects on a runtime without the
 * algorithm: that is no verdict.
 */
export async function verifyMlDsa44(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await crypto.subtle.importKey("spki", mlDsa44Spki(publicKey), ALGORITHM, false, ["verify"]);
  return await crypto.subtle.verify(ALGORITHM, key, signature.slice(), message.slice());
}
