// SPDX-License-Identifier: Apache-2.0
// Rows of the search index for entries that no certificate stands behind.

import { NO_MARKS, type SearchRow } from "../../../shared/search/row.ts";
import { decodeSigner, type Signer } from "../../../shared/search/signer.ts";
import { TERMS_VERSION } from "../../../shared/search/terms.ts";

/** A row of this version that has nothing but what is given. */
export const searchRow = (fields: Partial<SearchRow> = {}): SearchRow => ({
  termsVersion: TERMS_VERSION,
  kind: "signature",
  terms: [],
  digest: null,
  signer: null,
  ...NO_MARKS,
  ...fields,
});

/** A signer that is known by an e-mail address and an issuer. */
export function emailSigner(address: string, issuer: string | null = null): Signer {
  const signer = decodeSigner({ names: [`email:${address}`], issuer });
  if (signer === null) throw new TypeError("a signer that does not decode");
  return signer;
}
