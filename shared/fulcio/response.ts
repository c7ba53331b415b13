// SPDX-License-Identifier: Apache-2.0
// The answers of the CA, to the letter: some clients parse them with unknown fields refused, so nothing may be added.
// Spec: https://github.com/sigstore/fulcio/blob/main/fulcio.proto (SigningCertificate, TrustBundle, Configuration).

import { encodePem } from "../bytes/pem.ts";
import type { Issuer } from "../identity/issuers.ts";

const certificatePem = (der: Uint8Array): string => encodePem("CERTIFICATE", der);

/** SigningCertificate with an embedded SCT: leaf first, root last, each PEM text without its final newline. */
export function toSigningCertificate(chain: readonly Uint8Array[]): object {
  const certificates = chain.map((der) => certificatePem(der).trimEnd());
  return { signedCertificateEmbeddedSct: { chain: { certificates } } };
}

/** TrustBundle with one chain: issuing CA first, root last, each PEM text with its final newline. */
export const toTrustBundle = (chain: readonly Uint8Array[]): object => ({
  chains: [{ certificates: chain.map(certificatePem) }],
});

/** Configuration: the issuers in the order of their URLs. Empty fields are written, as protobuf's JSON of the reference does. */
export function toConfiguration(issuers: readonly Issuer[]): object {
  return {
    issuers: issuers
      .toSorted((a, b) => (a.url < b.url ? -1 : 1))
      .map(({ url, clientId, challengeClaim, type }) => ({
        issuerUrl: url,
        audience: clientId,
        challengeClaim,
        spiffeTrustDomain: "",
        issuerType: type,
        subjectDomain: "",
        skipEmailVerification: false,
      })),
  };
}
