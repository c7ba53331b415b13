// SPDX-License-Identifier: Apache-2.0
// Public keys of a TUF repository: only ECDSA P-256, in the form that every client reads. A key's id is the hash of its
// object, so the object holds only the members that the hash of old clients covers.
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#keytype-ecdsa-sha2-nistp256, #file-formats-root
// (KEYID)

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { decodePem, encodePem } from "../bytes/pem.ts";
import { type EcdsaPublicKey, parsePublicKey } from "../crypto/public-key.ts";
import { err, ok, type Result } from "../result.ts";
import { canonicalJson } from "./canonical-json.ts";

/** The key object in root metadata. */
export interface TufKey {
  readonly keytype: "ecdsa";
  readonly scheme: "ecdsa-sha2-nistp256";
  /** SubjectPublicKeyInfo, PEM, exactly as encodePem prints it. */
  readonly keyval: { readonly public: string };
}

/** Returns a type alias: an interface is not assignable to CanonicalValue. */
const toTypeAlias = ({ keytype, scheme, keyval }: TufKey) => ({ keytype, scheme, keyval: { public: keyval.public } });

/** Computes the KEYID: hex SHA-256 of the canonical JSON of the key object. */
export const keyIdOf = (key: TufKey): string => encodeHex(sha256(canonicalJson(toTypeAlias(key))));

/** Makes the key object of a P-256 SubjectPublicKeyInfo (DER). Fails with tuf_key_invalid for any other key. */
export function tufKey(spki: Uint8Array): Result<TufKey, { readonly code: "tuf_key_invalid" }> {
  const parsed = parsePublicKey(spki);
  if (!parsed.ok || parsed.value.kind !== "ecdsa-p256") return err({ code: "tuf_key_invalid" });
  return ok({ keytype: "ecdsa", scheme: "ecdsa-sha2-nistp256", keyval: { public: encodePem("PUBLIC KEY", spki) } });
}

/**
 * Returns the public key of a key object; null for another type or curve, or for PEM that encodePem would not print.
 */
export function publicKeyOf(key: TufKey): EcdsaPublicKey | null {
  const blocks = decodePem(key.keyval.public, 1);
  const [block] = blocks.ok ? blocks.value : [];
  const parsed = block === undefined ? null : parsePublicKey(block.der);
  if (block === undefined || parsed === null || !parsed.ok || parsed.value.kind !== "ecdsa-p256") return null;
  return encodePem("PUBLIC KEY", block.der) === key.keyval.public ? parsed.value : null;
}
