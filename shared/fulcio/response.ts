// SPDX-License-Identifier: Apache-2.0
// The CA's responses, exactly as the reference prints them: some clients reject unknown fields, so no field may be
// added.
// Spec: https://github.com/sigstore/fulcio/blob/main/fulcio.proto (SigningCertificate, TrustBundle).

import { encodePem } from "../bytes/pem.ts";

const certificatePem = (der: Uint8Array): string => encodePem("CERTIFICATE", der);

/** Encodes SigningCertificate with an embedded SCT: leaf first, root last, each PEM text without its final newline. */
export function toSigningCertificate(chain: readonly Uint8Array[]): object {
  const certificates = chain.map((der) => certificatePem(der).trimEnd());
  return { signedCertificateEmbeddedSct: { chain: { certificates } } };
}

/**
 * Encodes TrustBundle: each chain with its issuing CA first and its root last, each PEM text with its final newline.
 */
export const toTrustBundle = (chains: readonly (readonly Uint8Array[])[]): object => ({
  chains: chains.map((chain) => ({ certificates: chain.map(certificatePem) })),
});
