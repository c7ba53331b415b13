// SPDX-License-Identifier: Apache-2.0
// Verifies a signature over a whole message with WebCrypto: certificates, requests, proofs of possession.
// verify-digest.ts verifies a digest without its message. Spec: https://www.w3.org/TR/WebCryptoAPI/

import { unreachable } from "../unreachable.ts";
import { CURVES, type EcdsaKind } from "./curves.ts";
import { decodeEcdsaSignature } from "./ecdsa-signature.ts";
import type { HashAlgorithm } from "./hash.ts";
import type { EcdsaPublicKey, PublicKey, RsaPublicKey } from "./public-key.ts";

const ED25519_SIGNATURE_BYTES = 64;
const WEB_CURVES: Readonly<Record<EcdsaKind, string>> = {
  "ecdsa-p256": "P-256",
  "ecdsa-p384": "P-384",
  "ecdsa-p521": "P-521",
};

/**
 * Whether `signature` is the key's over `message`. ECDSA: strict DER, s in either half of its range. RSA: PKCS#1 v1.5
 * only; a PSS signature is rejected. Ed25519: pure; `hash` is ignored. False for any other bytes, of any length.
 */
export function verifyMessage(
  key: PublicKey,
  hash: HashAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return settleVerdict(() => {
    switch (key.kind) {
      case "ecdsa-p256":
      case "ecdsa-p384":
      case "ecdsa-p521":
        return verifyEcdsa(key, hash, message, signature);
      case "rsa-2048":
      case "rsa-3072":
      case "rsa-4096":
        return verifyRsa(key, hash, message, signature);
      case "ed25519":
        return verifyEd25519(key.point, message, signature);
      default:
        return unreachable(key);
    }
  });
}

/** Numbers that WebCrypto refuses to work with have signed nothing. It reports them with a DOMException. */
async function settleVerdict(verify: () => Promise<boolean>): Promise<boolean> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

async function verifyEcdsa(
  key: EcdsaPublicKey,
  hash: HashAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  // WebCrypto takes r ‖ s. Given DER, it rejects a valid signature too.
  const raw = decodeEcdsaSignature(signature, CURVES[key.kind].coordinateBytes);
  if (!raw.ok) return false;
  return crypto.subtle.verify({ name: "ECDSA", hash }, await importEcdsa(key), raw.value, message);
}

/** Imported keys. An issuer's key verifies every certificate that arrives, so it is imported once. */
const imported = new WeakMap<EcdsaPublicKey, CryptoKey>();

async function importEcdsa(key: EcdsaPublicKey): Promise<CryptoKey> {
  const known = imported.get(key);
  if (known !== undefined) return known;
  const algorithm = { name: "ECDSA", namedCurve: WEB_CURVES[key.kind] };
  const cryptoKey = await crypto.subtle.importKey("spki", key.spki, algorithm, false, ["verify"]);
  imported.set(key, cryptoKey);
  return cryptoKey;
}

/**
 * Whether `signature` is an RSA key's over `message`, PKCS#1 v1.5 with SHA-1: for formats that know nothing else. False
 * for other keys.
 */
export const verifyRsaSha1 = async (key: PublicKey, message: Uint8Array, signature: Uint8Array): Promise<boolean> =>
  "modulus" in key && (await settleVerdict(() => verifyRsa(key, "SHA-1", message, signature)));

async function verifyRsa(
  key: RsaPublicKey,
  hash: HashAlgorithm | "SHA-1",
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
  if (signature.length !== key.modulus.length) return false;
  const cryptoKey = await crypto.subtle.importKey("spki", key.spki, algorithm, false, ["verify"]);
  return await crypto.subtle.verify(algorithm, cryptoKey, signature, message);
}

/**
 * Whether `signature` is the key's over `message`: pure Ed25519 (RFC 8032 §5.1.7). `publicKey` is the encoded point.
 */
export async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  // workerd throws for another length instead of answering false.
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false;
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  return await crypto.subtle.verify("Ed25519", key, signature, message);
}
