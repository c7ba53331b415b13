// SPDX-License-Identifier: Apache-2.0
// The record formats of the kinds of log. Apart from LOG_KINDS, so that a Worker that reads no entry does not bundle
// their parsers.

import { CERTIFICATE_RECORDS } from "./kinds/certificate.ts";
import type { RecordFormat } from "./kinds/kind.ts";
import { REKOR_V1_RECORDS } from "./kinds/rekor-v1.ts";
import { SIGNATURE_RECORDS } from "./kinds/signature.ts";
import type { LogKind } from "./kinds.ts";

/** How each kind stores its entries. */
export const LOG_RECORDS: Readonly<Record<LogKind, RecordFormat>> = {
  signature: SIGNATURE_RECORDS,
  certificate: CERTIFICATE_RECORDS,
  "rekor-v1": REKOR_V1_RECORDS,
};
