// SPDX-License-Identifier: Apache-2.0
// The table of issuers as the CA publishes it, exactly as the reference prints it.
// Spec: https://github.com/sigstore/fulcio/blob/main/fulcio.proto (Configuration).

import type { Issuer } from "./issuers.ts";

/**
 * Encodes Configuration: the issuers in the order of their URLs, one row per audience. Empty fields are written, as in
 * the reference's protobuf JSON; `issuerUrl` and `wildcardIssuerUrl` are a oneof.
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
