// SPDX-License-Identifier: Apache-2.0
// The signature algorithms of certificates and certificate requests. PSS is excluded: it would be a second scheme for
// the same key. Spec: RFC 5758 §3.2, RFC 4055 §5, RFC 8410 §3.

import type { HashAlgorithm } from "../crypto/hash.ts";
import type { PublicKey } from "../crypto/public-key.ts";
import { verifyMessage } from "../crypto/verify-message.ts";
import type { DerReader } from "../der/reader.ts";

/** A supported algorithm. */
export interface SignatureAlgorithm {
  /** The prefix of the KeyKind of its keys. */
  readonly family: "ecdsa" | "rsa" | "ed25519";
  readonly hash: HashAlgorithm;
}

const SIGNATURE_ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ["1.2.840.10045.4.3.2", { family: "ecdsa", hash: "SHA-256" }],
  ["1.2.840.10045.4.3.3", { family: "ecdsa", hash: "SHA-384" }],
  ["1.2.840.10045.4.3.4", { family: "ecdsa", hash: "SHA-512" }],
  ["1.2.840.113549.1.1.11", { family: "rsa", hash: "SHA-256" }],
  ["1.2.840.113549.1.1.12", { family: "rsa", hash: "SHA-384" }],
  ["1.2.840.113549.1.1.13", { family: "rsa", hash: "SHA-512" }],
  ["1.3.101.112", { family: "ed25519", hash: "SHA-512" }],
]);

/**
 * Reads the contents of an AlgorithmIdentifier. `known` is null for an unsupported algorithm, whose parameters are
 * ignored. A supported RSA algorithm must have NULL parameters, any other none; otherwise the reader fails.
 */
export function readSignatureAlgorithm(reader: DerReader): {
  readonly oid: string;
  readonly known: SignatureAlgorithm | null;
} {
  const oid = reader.oid();
  const known = SIGNATURE_ALGORITHMS.get(oid) ?? null;
  if (known?.family === "rsa") reader.null();
  else if (known === null && !reader.done) reader.raw();
  return { oid, known };
}

/** Whether the signature over `message` verifies; false for a key of another family. */
export async function verifySigned(
  { family, hash }: SignatureAlgorithm,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return key.kind.startsWith(family) && (await verifyMessage(key, hash, message, signature));
}
