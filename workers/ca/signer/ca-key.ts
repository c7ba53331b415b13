// SPDX-License-Identifier: Apache-2.0
// The CA's private key, parsed once. node:crypto signs synchronously and returns signatures in DER.

import { parseEcdsaSigner } from "#private-key";
import type { KeyKind } from "../../../shared/crypto/public-key.ts";
import type { EcdsaSigner } from "../../../shared/crypto/signer.ts";
import { oid, sequence } from "../../../shared/der/writer.ts";
import { ok, type Result } from "../../../shared/result.ts";

/**
 * Signs certificates, with a key in a setting (this file) or with one that a remote signer holds (remote-signer.ts).
 */
export interface CertificateSigner {
  /** AlgorithmIdentifier of the signatures, DER. */
  readonly algorithm: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** Returns the signature over `message` as a certificate holds it. Rejects if the key is unavailable. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

interface Scheme {
  /** AlgorithmIdentifier, DER: ecdsa-with-SHA256 or -SHA384, without parameters (RFC 5758 §3.2). */
  readonly algorithm: Uint8Array;
  /** The hash, by its names in WebCrypto and Vault. */
  readonly webHash: "SHA-256" | "SHA-384";
  readonly vaultHash: string;
}

/** The signature schemes of the CA, by kind of key. */
export const SCHEMES: Readonly<Record<EcdsaSigner["kind"], Scheme> & Partial<Record<KeyKind, Scheme>>> = {
  "ecdsa-p256": {
    algorithm: sequence(oid("1.2.840.10045.4.3.2")),
    webHash: "SHA-256",
    vaultHash: "sha2-256",
  },
  "ecdsa-p384": {
    algorithm: sequence(oid("1.2.840.10045.4.3.3")),
    webHash: "SHA-384",
    vaultHash: "sha2-384",
  },
};

/** Parses CA_KEY: one PKCS#8 PEM block with a P-256 or P-384 key. The error completes the sentence "CA_KEY …". */
export function parseCaKey(pem: string): Result<CertificateSigner, string> {
  const parsed = parseEcdsaSigner(pem);
  if (!parsed.ok) return parsed;
  const { kind, spki, sign } = parsed.value;
  return ok({ algorithm: SCHEMES[kind].algorithm, spki, sign: async (message) => sign(message) });
}
