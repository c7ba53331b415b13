// SPDX-License-Identifier: Apache-2.0
// The content of the warm-up's submissions.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { NO_MARKS, type SearchRow } from "../../../shared/search/row.ts";

/** Bytes of a sample entry; the first byte is replaced by its number. */
export const SAMPLE_BYTES = encodeUtf8("warm-up");

/** Search terms of a sample entry. */
export const SAMPLE_SEARCH: SearchRow = {
  termsVersion: 0,
  kind: "signature",
  terms: ["00"],
  digest: null,
  signer: null,
  ...NO_MARKS,
};
