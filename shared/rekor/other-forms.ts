// SPDX-License-Identifier: Apache-2.0
// The other bodies that say the same as an entry. Where (r, s) is an ECDSA signature, (r, n − s) is another signature
// of the same key over the same digest, and anybody can compute it: from the entry's signature, and from that of the CA
// on the certificate. A log takes one of these bodies, byte for byte as it was submitted.

import { CURVES, type EcdsaKind, toBigInt } from "../crypto/curves.ts";
import { decodeEcdsaSignature, encodeEcdsaSignature } from "../crypto/ecdsa-signature.ts";
import type { Certificate } from "../x509/certificate.ts";
import { encodeCertificate } from "../x509/certificate.ts";
import type { HashedRekordEntry } from "./entry.ts";
import type { Credential } from "./verify.ts";

/** At most three; none if neither signature is ECDSA. */
export function otherForms(entry: HashedRekordEntry, { key, certificate }: Credential): readonly HashedRekordEntry[] {
  const { digest, signature, verifier } = entry;
  const negated = isEcdsa(key.kind) ? negate(signature, key.kind) : null;
  const reissued = certificate === null ? null : withNegatedSignature(certificate);
  const signatures = [signature, negated].filter((one) => one !== null);
  const verifiers = [verifier, reissued === null ? null : { ...verifier, rawBytes: reissued }].filter(
    (one) => one !== null,
  );
  const all = verifiers.flatMap((one) => signatures.map((other) => ({ digest, signature: other, verifier: one })));
  return all.slice(1);
}

const isEcdsa = (kind: string): kind is EcdsaKind => Object.hasOwn(CURVES, kind);

/** The certificate with the other signature of its issuer, null if that one is not ECDSA. */
function withNegatedSignature({ tbs, signatureAlgorithm, signature }: Certificate): Uint8Array | null {
  // The certificate does not name its issuer's curve. Both numbers are shorter than a smaller curve's order with a
  // probability of 2^-256, so the first curve that fits is the one.
  for (const kind of ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"] as const) {
    const negated = negate(signature, kind);
    if (negated !== null) return encodeCertificate(tbs, signatureAlgorithm, negated);
  }
  return null;
}

/** (r, s) → (r, n − s), both in DER. Null if the bytes are no signature on this curve. */
function negate(signature: Uint8Array, kind: EcdsaKind): Uint8Array | null {
  const { coordinateBytes, n } = CURVES[kind];
  const raw = decodeEcdsaSignature(signature, coordinateBytes);
  if (!raw.ok) return null;
  const s = toBigInt(raw.value.subarray(coordinateBytes));
  if (s === 0n || s >= n) return null;
  const digits = (n - s).toString(16).padStart(2 * coordinateBytes, "0");
  const negated = Uint8Array.from(digits.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));
  return encodeEcdsaSignature(Uint8Array.of(...raw.value.subarray(0, coordinateBytes), ...negated));
}
