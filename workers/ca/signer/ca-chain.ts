// SPDX-License-Identifier: Apache-2.0
// The CA's certificate chain, checked for what verifiers require before the CA signs anything.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md (root, intermediate); RFC 5280
// §4.2.1.

import { sha256 } from "#sha256";
import { equal } from "../../../shared/bytes/bytes.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Certificate } from "../../../shared/x509/certificate.ts";
import { isCertificateAuthority, parseChain } from "../../../shared/x509/chain.ts";
import { OID, purposesOf, subjectKeyIdentifierOf } from "../../../shared/x509/extensions.ts";

/** The parsed chain. */
export interface CaChain {
  readonly issuer: Certificate;
  /** SHA-256 of the issuer's SPKI, to which an SCT binds a precertificate (RFC 6962 §3.2). */
  readonly issuerKeyHash: Uint8Array;
  /** The certificates in DER, issuing CA first, root last. */
  readonly certificates: readonly Uint8Array[];
}

/** Parses CA_CHAIN: PEM, issuing CA first, root last. The error completes the sentence "CA_CHAIN …". */
export function parseCaChain(pem: string): Result<CaChain, string> {
  const chain = parseChain(pem);
  if (!chain.ok) return err(chain.error.reason);
  const [issuer] = chain.value;
  const root = chain.value.at(-1);
  if (issuer === undefined || root === undefined || !equal(root.issuer, root.subject))
    return err("must end in its root");
  const problem = problemOf(issuer, issuer === root);
  if (problem !== null) return err(`has a first certificate that ${problem}`);
  return ok({ issuer, issuerKeyHash: sha256(issuer.spki), certificates: chain.value.map(({ der }) => der) });
}

function problemOf(issuer: Certificate, isRoot: boolean): string | null {
  if (!isCertificateAuthority(issuer)) return "is not a CA that may sign certificates";
  // Verifiers require the extended key usage along the chain; a root has none and may issue directly.
  if (!isRoot && !purposesOf(issuer).includes(OID.codeSigning)) return "lacks the extended key usage code signing";
  return subjectKeyIdentifierOf(issuer).ok ? null : "has no subject key identifier";
}
