// SPDX-License-Identifier: Apache-2.0
// The two encodings of an ECDSA signature: DER in X.509, Rekor and notes, raw r ‖ s in WebCrypto.
// Spec: RFC 3279 §2.2.3: Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }.

import { decodeDer } from "../der/reader.ts";
import { integer, sequence } from "../der/writer.ts";
import { err, ok, type Result } from "../result.ts";

/** The bytes are not a strict DER signature. */
export interface EcdsaSignatureError {
  readonly code: "ecdsa_signature_invalid";
}

/**
 * Converts a DER signature to r ‖ s, each `coordinateBytes` long. Strict: minimal integers, no trailing bytes, neither
 * number negative or longer than a coordinate. The verifier checks the range 1 … n − 1. Fails with
 * ecdsa_signature_invalid.
 */
export function decodeEcdsaSignature(
  der: Uint8Array,
  coordinateBytes: number,
): Result<Uint8Array<ArrayBuffer>, EcdsaSignatureError> {
  const numbers = decodeDer(der, (reader) =>
    reader.sequence((value) => ({ r: value.unsignedInteger(), s: value.unsignedInteger() })),
  );
  if (!numbers.ok) return err({ code: "ecdsa_signature_invalid" });
  const { r, s } = numbers.value;
  if (r.length > coordinateBytes || s.length > coordinateBytes) return err({ code: "ecdsa_signature_invalid" });
  const raw = new Uint8Array(2 * coordinateBytes);
  raw.set(r, coordinateBytes - r.length);
  raw.set(s, 2 * coordinateBytes - s.length);
  return ok(raw);
}

/** Converts r ‖ s with equal halves, as WebCrypto signs, to DER. */
export function encodeEcdsaSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = raw.length / 2;
  return sequence(integer(raw.subarray(0, half)), integer(raw.subarray(half)));
}
