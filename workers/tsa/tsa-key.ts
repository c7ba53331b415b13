// SPDX-License-Identifier: Apache-2.0
// The authority's private key: parsed and used synchronously by node:crypto, which answers with DER signatures.

import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { equal } from "../../shared/bytes/bytes.ts";
import { decodePem } from "../../shared/bytes/pem.ts";
import { parsePublicKey } from "../../shared/crypto/public-key.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Signer } from "../../shared/tsa/authority.ts";
import type { Certificate } from "../../shared/x509/certificate.ts";

export interface TsaKey {
  readonly privateKey: KeyObject;
  readonly curve: Signer["curve"];
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

const CURVES: Readonly<Record<string, Signer["curve"]>> = { "ecdsa-p256": "P-256", "ecdsa-p384": "P-384" };
const HASHES = { "P-256": "sha256", "P-384": "sha384" } as const;

/** Fails with what completes "TSA_KEY …". */
export function parseTsaKey(pem: string): Result<TsaKey, string> {
  const blocks = decodePem(pem);
  if (!blocks.ok || blocks.value.length !== 1 || blocks.value[0]?.label !== "PRIVATE KEY") {
    return err("must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)");
  }
  const privateKey = privateKeyOf(pem);
  if (privateKey === null) return err("is not a private key");
  const spki = new Uint8Array(createPublicKey(privateKey).export({ type: "spki", format: "der" }));
  const publicKey = parsePublicKey(spki);
  const curve = publicKey.ok ? CURVES[publicKey.value.kind] : undefined;
  return curve === undefined ? err("must be an ECDSA key on P-256 or P-384") : ok({ privateKey, curve, spki });
}

function privateKeyOf(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

/** Whether the certificate holds the public half of the key. */
export const belongsTo = (key: TsaKey, certificate: Certificate): boolean => equal(key.spki, certificate.spki);

/** The port through which shared/tsa signs. */
export function createSigner({ privateKey, curve }: TsaKey): Signer {
  return { curve, sign: (message) => new Uint8Array(sign(HASHES[curve], message, privateKey)) };
}
