// SPDX-License-Identifier: Apache-2.0
// The CA's private key: parsed once and used synchronously by node:crypto, which answers with DER signatures.

import { parseEcdsaSigner } from "#private-key";
import type { KeyKind } from "../../../shared/crypto/public-key.ts";
import type { EcdsaSigner } from "../../../shared/crypto/signer.ts";
import { oid, sequence } from "../../../shared/der/writer.ts";
import { ok, type Result } from "../../../shared/result.ts";

/** Signs certificates: with a key in a setting (here) or with one that is held elsewhere (remote-signer.ts). */
export interface CertificateSigner {
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
  /** The hash as WebCrypto and Vault call it. */
  readonly webHash: "SHA-256" | "SHA-384";
  readonly vaultHash: string;
}

/** By kind of key: what a CA of ours may sign with. */
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

/** Parses CA_KEY: one PKCS#8 PEM block with a key on P-256 or P-384. The error completes "CA_KEY …". */
export function parseCaKey(pem: string): Result<CertificateSigner, string> {
  const parsed = parseEcdsaSigner(pem);
  if (!parsed.ok) return parsed;
  const { kind, spki, sign } = parsed.value;
  return ok({ algorithm: SCHEMES[kind].algorithm, spki, sign: async (message) => sign(message) });
}
