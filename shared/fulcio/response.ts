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

/** TrustBundle: each chain with its issuing CA first and its root last, each PEM text with its final newline. */
export const toTrustBundle = (chains: readonly (readonly Uint8Array[])[]): object => ({
  chains: chains.map((chain) => ({ certificates: chain.map(certificatePem) })),
});

/**
 * Configuration: the issuers in the order of their URLs, one row for each audience. Empty fields are written, as protobuf's JSON
 * of the reference does; `issuerUrl` and `wildcardIssuerUrl` are a oneof.
 */
export function toConfiguration(issuers: readonly Issuer[]): object {
  return {
    issuers: issuers
      .toSorted((a, b) => (a.url < b.url ? -1 : 1))
      .flatMap(({ url, pattern, audiences, challengeClaim, identity }) =>
        audiences.map((audience) => ({
          ...(pattern === null ? { issuerUrl: url } : { wildcardIssuerUrl: url }),
          audience,
          challengeClaim,
          spiffeTrustDomain: identity.type === "spiffe" ? identity.trustDomain : "",
          issuerType: identity.type,
          subjectDomain: identity.type === "uri" || identity.type === "username" ? identity.subjectDomain : "",
          skipEmailVerification: identity.type === "email" && identity.skipsVerification,
        })),
      ),
  };
}
