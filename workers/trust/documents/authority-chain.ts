// SPDX-License-Identifier: Apache-2.0
// The certificate chain of an authority that clients trust: the issuing CA or the timestamp authority.

import { equal } from "../../../shared/bytes/bytes.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Chain } from "../../../shared/trust/material.ts";
import { parseChain } from "../../../shared/x509/chain.ts";

/** Parses CA_CHAIN or TSA_CHAIN: PEM, the authority first, its root last. The error completes "<name> …". */
export function parseAuthorityChain(pem: string): Result<Chain, string> {
  const chain = parseChain(pem);
  if (!chain.ok) return err(chain.error.reason);
  const [first, ...others] = chain.value;
  const root = others.at(-1) ?? first;
  // Clients take the last certificate as the root, and sigstore-js checks that it is one.
  if (first === undefined || root === undefined || !equal(root.issuer, root.subject))
    return err("must end in its root");
  return ok([first, ...others]);
}
