// SPDX-License-Identifier: Apache-2.0
// The port through which a private key signs; the key itself stays behind it. Signing is synchronous, so that nothing
// can happen between a decision and the signature over it.

/** An ECDSA key on P-256 or P-384. */
export interface EcdsaSigner {
  readonly kind: "ecdsa-p256" | "ecdsa-p384";
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** Returns the ASN.1 DER signature over SHA-256 (P-256) or SHA-384 (P-384) of the message. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** Whether `signature`, ASN.1 DER, is this key's over the message. */
  readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
}

/** An Ed25519 key (RFC 8032, pure). */
export interface Ed25519Signer {
  readonly kind: "ed25519";
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Returns the 64-byte signature. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}
