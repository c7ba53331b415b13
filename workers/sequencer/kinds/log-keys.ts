// SPDX-License-Identifier: Apache-2.0
// The keys of a log, behind functions: signing is synchronous (node:crypto), so that a round has no await.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { sha256 } from "#sha256";
import { err, ok, type Result } from "../../../shared/result.ts";

/** ECDSA P-256 with SHA-256. */
export interface EcdsaSigner {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of `spki`. */
  readonly logId: Uint8Array;
  /** ASN.1 DER signature. */
  sign(message: Uint8Array): Uint8Array;
  /** Whether this key made the signature. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** What a log signs with: a signature log has both keys, a certificate log no Ed25519 key. */
export interface LogKeys {
  readonly ecdsa: EcdsaSigner;
  readonly ed25519: Ed25519Signer | null;
}

/** Reads a PKCS#8 PEM with a P-256 key; the error completes "<setting> …". */
export function parseEcdsaSigner(pem: string): Result<EcdsaSigner, string> {
  const key = parsePrivateKey(pem, "ec");
  if (key === null || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    return err("is not a P-256 private key in PKCS#8 PEM");
  }
  const publicKey = createPublicKey(pem);
  const spki = new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
  return ok({
    spki,
    logId: sha256(spki),
    sign: (message) => new Uint8Array(sign("sha256", message, key)),
    verify: (message, signature) => verify("sha256", message, publicKey, signature),
  });
}

/** Reads a PKCS#8 PEM with an Ed25519 key; the error completes "<setting> …". */
export function parseEd25519Signer(pem: string): Result<Ed25519Signer, string> {
  const key = parsePrivateKey(pem, "ed25519");
  if (key === null) return err("is not an Ed25519 private key in PKCS#8 PEM");
  const spki = new Uint8Array(createPublicKey(pem).export({ format: "der", type: "spki" }));
  // The raw key is the tail of the 44-byte SPKI (RFC 8410 §4).
  return ok({ publicKey: spki.subarray(-32), sign: (message) => new Uint8Array(sign(null, message, key)) });
}

function parsePrivateKey(pem: string, type: "ec" | "ed25519"): KeyObject | null {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === type ? key : null;
  } catch {
    return null;
  }
}
