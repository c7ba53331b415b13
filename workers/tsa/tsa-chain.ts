// SPDX-License-Identifier: Apache-2.0
// The timestamp authority's certificate chain.
// Spec: RFC 3161 §2.3

import { equal } from "../../shared/bytes/bytes.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { checkTimestampCertificate } from "../../shared/tsa/authority.ts";
import type { Certificate } from "../../shared/x509/certificate.ts";
import { parseChain } from "../../shared/x509/chain.ts";

export interface TsaChain {
  /** The timestamping certificate. */
  readonly leaf: Certificate;
  /** All certificates, the leaf first, the root last. */
  readonly chain: readonly Certificate[];
}

/** Parses TSA_CHAIN: PEM, timestamping certificate first, root last. The error completes "TSA_CHAIN …". */
export function parseTsaChain(pem: string): Result<TsaChain, string> {
  const chain = parseChain(pem);
  if (!chain.ok) return err(chain.error.reason);
  const leaf = chain.value.at(0);
  const root = chain.value.at(-1);
  if (leaf === undefined || root === undefined || !equal(root.issuer, root.subject)) return err("must end in its root");
  const problem = checkTimestampCertificate(leaf);
  return problem.ok ? ok({ leaf, chain: chain.value }) : err(`has a first certificate that ${problem.error}`);
}
