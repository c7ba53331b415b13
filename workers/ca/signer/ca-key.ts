// SPDX-License-Identifier: Apache-2.0
// The CA's private key: parsed once and used synchronously by node:crypto, which answers with DER signatures.

import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { decodePem } from "../../../shared/bytes/pem.ts";
import { parsePublicKey } from "../../../shared/crypto/public-key.ts";
import { oid, sequence } from "../../../shared/der/writer.ts";
import { err, ok, type Result } from "../../../shared/result.ts";

/** Signs certificates: with a key in a setting (here) or with one that is held elsewhere (remote-signer.ts). */
export interface Signer {
  /** AlgorithmIdentifier of its signatures, DER. */
  readonly algorithm: Uint8Array;
  /** SubjectPublicKeyInfo of its key, DER. */
  readonly spki: Uint8Array;
  /** The signature over `message`, as it stands in a certificate. Rejects if the key cannot be had. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

interface Scheme {
  /** AlgorithmIdentifier, DER: ecdsa-with-SHA256 or -SHA384, without parameters (RFC 5758 §3.2). */
  readonly algorithm: Uint8Array;
  /** The hash as node, WebCrypto and Vault call it. */
  readonly hash: string;
  readonly webHash: "SHA-256" | "SHA-384";
  readonly vaultHash: string;
}

/** By kind of key: what a CA of ours may sign with. */
export const SCHEMES: Readonly<Record<string, Scheme>> = {
  "ecdsa-p256": {
    algorithm: sequence(oid("1.2.840.10045.4.3.2")),
    hash: "sha256",
    webHash: "SHA-256",
    vaultHash: "sha2-256",
  },
  "ecdsa-p384": {
    algorithm: sequence(oid("1.2.840.10045.4.3.3")),
    hash: "sha384",
    webHash: "SHA-384",
    vaultHash: "sha2-384",
  },
};

/** Parses CA_KEY: one PKCS#8 PEM block with a key on P-256 or P-384. Fails with what completes "CA_KEY …". */
export function parseCaKey(pem: string): Result<Signer, string> {
  const blocks = decodePem(pem);
  if (!blocks.ok || blocks.value.length !== 1 || blocks.value[0]?.label !== "PRIVATE KEY") {
    return err("must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)");
  }
  const key = privateKeyOf(pem);
  if (key === null) return err("is not a private key");
  const spki = new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" }));
  const publicKey = parsePublicKey(spki);
  const scheme = publicKey.ok ? SCHEMES[publicKey.value.kind] : undefined;
  if (scheme === undefined) return err("must be an ECDSA key on P-256 or P-384");
  return ok({
    algorithm: scheme.algorithm,
    spki,
    sign: async (message) => new Uint8Array(sign(scheme.hash, message, key)),
  });
}

function privateKeyOf(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
