// SPDX-License-Identifier: Apache-2.0
// Whether an authority of the trusted root issued the certificate of an entry. Only asked about a certificate that no
// certificate log has shown, as the signature costs a verification.

import { X509Certificate } from "node:crypto";
import { readSignedBody } from "../../../shared/monitor/entries/body.ts";
import { isIssuedBy, parseX509 } from "../../audit/issuers.ts";
import type { Authority } from "../../served-log/trusted-root.ts";

/** Decides by the record of a signature log. */
export type IsOwnCertificate = (record: Uint8Array) => boolean;

/** Makes the decision for the authorities of a trusted root. Without any, every certificate may be of one. */
export function ownCertificates(authorities: readonly Authority[]): IsOwnCertificate {
  const issuers = authorities.flatMap(({ chain: [issuer] }) =>
    issuer === undefined ? [] : [new X509Certificate(issuer.der)],
  );
  return (record) => {
    const body = readSignedBody(record);
    const [signer] = body.ok ? body.value.signers : [];
    const certificate = signer?.kind === "x509Certificate" ? parseX509(signer.rawBytes) : null;
    return certificate !== null && (issuers.length === 0 || issuers.some((issuer) => isIssuedBy(certificate, issuer)));
  };
}
