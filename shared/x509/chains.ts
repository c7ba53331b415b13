// SPDX-License-Identifier: Apache-2.0
// Parses several chains in one text: a deployment's former and future certificate authorities, besides the current one.
// Spec: RFC 7468 §5; RFC 5280 §6.1 (a root names itself as its issuer).

import { equal } from "../bytes/bytes.ts";
import { decodePem, encodePem } from "../bytes/pem.ts";
import { err, ok, type Result } from "../result.ts";
import type { Certificate } from "./certificate.ts";
import { type ChainError, parseChain } from "./chain.ts";

/** At least one certificate: the issuing one first, the root last. */
export type CompleteChain = readonly [Certificate, ...Certificate[]];

const MAX_CERTIFICATES = 48;

/**
 * Parses PEM text of one or more chains, each with its issuing certificate first. A root ends its chain. Compares
 * names; does not verify signatures. Fails with chain_invalid.
 */
export function parseChains(pem: string): Result<readonly CompleteChain[], ChainError> {
  const blocks = decodePem(pem, MAX_CERTIFICATES);
  if (!blocks.ok) return fail("is not PEM text of certificates");
  const chains: CompleteChain[] = [];
  let open = "";
  for (const { label, der } of blocks.value) {
    open += encodePem(label, der);
    const chain = parseChain(open);
    if (!chain.ok) return chain;
    const root = chain.value.at(-1);
    const [issuing, ...above] = chain.value;
    if (root === undefined || issuing === undefined || !equal(root.issuer, root.subject)) continue;
    chains.push([issuing, ...above]);
    open = "";
  }
  return open === "" ? ok(chains) : fail("has a chain that does not end in its root");
}

const fail = (reason: string): Result<never, ChainError> => err({ code: "chain_invalid", reason });
