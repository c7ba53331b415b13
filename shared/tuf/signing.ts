// SPDX-License-Identifier: Apache-2.0
// Signs metadata and counts signatures against a role's threshold.
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#file-formats-object-format,
// #detailed-client-workflow

import { verifyEcdsaDigest } from "#ecdsa-digest";
import { sha256 } from "#sha256";
import { decodeHex, encodeHex } from "../bytes/hex.ts";
import { decodeEcdsaSignature } from "../crypto/ecdsa-signature.ts";
import { type CanonicalValue, canonicalJson } from "./canonical-json.ts";
import { publicKeyOf } from "./key.ts";
import type { Metadata, Role, Root } from "./metadata.ts";

const P256_COORDINATE_BYTES = 32;

/** A private key behind a function; the key itself never leaves its owner. */
export interface TufSigner {
  readonly keyId: string;
  /** Returns the ASN.1 DER ECDSA signature over SHA-256 of the message. */
  sign(message: Uint8Array): Uint8Array;
}

/** Signs with every key, in the order of their ids, so that the order reveals nothing. */
export function signMetadata<S extends CanonicalValue>(signed: S, signers: readonly TufSigner[]): Metadata<S> {
  const message = canonicalJson(signed);
  const signatures = signers.map((signer) => ({ keyid: signer.keyId, sig: encodeHex(signer.sign(message)) }));
  return { signatures: signatures.toSorted((a, b) => (a.keyid < b.keyid ? -1 : 1)), signed };
}

/** Counts the keys of the role that have signed. A key counts once, and only under its own id. */
function countSignatures<S extends CanonicalValue>(
  { signatures, signed }: Metadata<S>,
  { keyids }: Role,
  keys: Root["keys"],
): number {
  const digest = sha256(canonicalJson(signed));
  const valid = signatures.filter(({ keyid, sig }) => keyids.includes(keyid) && isSigned(keys[keyid], digest, sig));
  return new Set(valid.map(({ keyid }) => keyid)).size;
}

function isSigned(key: Root["keys"][string] | undefined, digest: Uint8Array, sig: string): boolean {
  const publicKey = key === undefined ? null : publicKeyOf(key);
  const der = decodeHex(sig);
  const raw = der.ok ? decodeEcdsaSignature(der.value, P256_COORDINATE_BYTES) : null;
  return publicKey !== null && raw !== null && raw.ok && verifyEcdsaDigest(publicKey, digest, raw.value);
}

/** Whether enough keys of the role have signed. */
export const meetsThreshold = <S extends CanonicalValue>(
  metadata: Metadata<S>,
  role: Role,
  keys: Root["keys"],
): boolean => countSignatures(metadata, role, keys) >= role.threshold;
