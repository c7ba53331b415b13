// SPDX-License-Identifier: Apache-2.0
// Reads private keys from PEM and signs with them, through node:crypto. Errors complete "<setting> …" and never show
// the key.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { decodePem } from "../../bytes/pem.ts";
import { err, ok, type Result } from "../../result.ts";
import { parsePublicKey } from "../public-key.ts";
import type { EcdsaSigner, Ed25519Signer } from "../signer.ts";

const HASHES = { "ecdsa-p256": "sha256", "ecdsa-p384": "sha384" } as const;

/** Reads a key of any algorithm from exactly one PEM block of PKCS#8 (RFC 7468 §10). */
export function parsePkcs8(pem: string): Result<KeyObject, string> {
  const blocks = decodePem(pem);
  if (!blocks.ok || blocks.value.length !== 1 || blocks.value[0]?.label !== "PRIVATE KEY") {
    return err("must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)");
  }
  const key = readKey(pem);
  return key === null ? err("is not a private key") : ok(key);
}

/** Reads a key on P-256 or P-384 from exactly one PEM block of PKCS#8. */
export function parseEcdsaSigner(pem: string): Result<EcdsaSigner, string> {
  const key = parsePkcs8(pem);
  if (!key.ok) return key;
  const signer = toSigner(key.value);
  return signer === null || signer.kind === "ed25519" ? err("must be an ECDSA key on P-256 or P-384") : ok(signer);
}

/** Reads a P-256 key from PEM. */
export function parseP256Signer(pem: string): Result<EcdsaSigner, string> {
  const key = readKey(pem);
  const signer = key === null ? null : toSigner(key);
  return signer?.kind === "ecdsa-p256" ? ok(signer) : err("is not a P-256 private key in PKCS#8 PEM");
}

/** Reads an Ed25519 key from PEM. */
export function parseEd25519Signer(pem: string): Result<Ed25519Signer, string> {
  const key = readKey(pem);
  const signer = key === null ? null : toSigner(key);
  return signer?.kind === "ed25519" ? ok(signer) : err("is not an Ed25519 private key in PKCS#8 PEM");
}

/** Returns null for a key of any other algorithm or curve. */
function toSigner(key: KeyObject): EcdsaSigner | Ed25519Signer | null {
  const publicKey = createPublicKey(key);
  const parsed = parsePublicKey(new Uint8Array(publicKey.export({ type: "spki", format: "der" })));
  if (!parsed.ok) return null;
  const { kind, spki } = parsed.value;
  if (kind === "ed25519") {
    return { kind, publicKey: parsed.value.point, sign: (message) => new Uint8Array(sign(null, message, key)) };
  }
  if (kind !== "ecdsa-p256" && kind !== "ecdsa-p384") return null;
  const hash = HASHES[kind];
  return {
    kind,
    spki,
    sign: (message) => new Uint8Array(sign(hash, message, key)),
    verify: (message, signature) => verify(hash, message, publicKey, signature),
  };
}

function readKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
