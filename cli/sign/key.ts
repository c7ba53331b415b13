// SPDX-License-Identifier: Apache-2.0
// The ephemeral key of one run. Nothing exports it, and it is gone with the process. WebCrypto would refuse to export
// it, but signs only messages that are in memory whole, and files may be larger.

import { createSign, generateKeyPairSync } from "node:crypto";

/** A P-256 key that lives for one run. */
export interface EphemeralKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** Signs the concatenation of the chunks with SHA-256; DER. A file of any size takes the memory of one chunk. */
  readonly sign: (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => Promise<Uint8Array>;
}

/** Makes a key. */
export function createEphemeralKey(): EphemeralKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    spki: new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
    sign: async (chunks) => {
      const signer = createSign("sha256");
      for await (const chunk of chunks) signer.update(chunk);
      return new Uint8Array(signer.sign(privateKey));
    },
  };
}
