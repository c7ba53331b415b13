// SPDX-License-Identifier: Apache-2.0
// The hash algorithms of signatures, and their names in WebCrypto, protobuf and search.
// Spec: FIPS 180-4; sigstore_common.proto.

/** A hash algorithm, as WebCrypto names it. */
export type HashAlgorithm = "SHA-256" | "SHA-384" | "SHA-512";

/** A hash algorithm's digest length and its other names. */
export interface HashNames {
  readonly digestBytes: number;
  /** dev.sigstore.common.v1.HashAlgorithm, as canonical bodies spell it. */
  readonly proto: "SHA2_256" | "SHA2_384" | "SHA2_512";
  /** As in-toto and our search terms spell it: `sha256:<hex>`. */
  readonly short: "sha256" | "sha384" | "sha512";
}

export const HASHES: Readonly<Record<HashAlgorithm, HashNames>> = {
  "SHA-256": { digestBytes: 32, proto: "SHA2_256", short: "sha256" },
  "SHA-384": { digestBytes: 48, proto: "SHA2_384", short: "sha384" },
  "SHA-512": { digestBytes: 64, proto: "SHA2_512", short: "sha512" },
};

/** Hashes `message` with WebCrypto. */
export async function hashMessage(hash: HashAlgorithm, message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest(hash, message));
}
