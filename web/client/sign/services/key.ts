// SPDX-License-Identifier: Apache-2.0
// The key of one run. The browser makes it and gives it to nobody, this page included: it can sign, and nothing can
// export it. It is gone with the page.
// Spec: https://www.w3.org/TR/webcrypto/ (CryptoKey.extractable)

import { encodeEcdsaSignature } from "../../../../shared/crypto/ecdsa-signature.ts";

/** A P-256 key. */
export interface EphemeralKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** Signs with SHA-256; DER. */
  readonly sign: (message: BufferSource) => Promise<Uint8Array>;
}

/** Makes a key. */
export async function createEphemeralKey(): Promise<EphemeralKey> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  return {
    spki: new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    sign: async (message) => {
      const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, message);
      return encodeEcdsaSignature(new Uint8Array(raw));
    },
  };
}
