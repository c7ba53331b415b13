// SPDX-License-Identifier: Apache-2.0
// The witness's Ed25519 key, behind a function. It signs cosignatures and nothing else: the message does not hold the witness's
// name, so that a key of two names would speak for both. Spec: https://c2sp.org/tlog-cosignature

import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { err, ok, type Result } from "../../shared/result.ts";

export interface WitnessKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Reads a PKCS#8 PEM with an Ed25519 key; the error completes "WITNESS_KEY …". */
export function parseWitnessKey(pem: string): Result<WitnessKey, string> {
  const key = privateKeyOf(pem);
  if (key?.asymmetricKeyType !== "ed25519") return err("is not an Ed25519 private key in PKCS#8 PEM");
  const spki = new Uint8Array(createPublicKey(key).export({ format: "der", type: "spki" }));
  // The raw key is the tail of the 44-byte SPKI (RFC 8410 §4).
  return ok({ publicKey: spki.subarray(-32), sign: (message) => new Uint8Array(sign(null, message, key)) });
}

function privateKeyOf(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
