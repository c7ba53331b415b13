// SPDX-License-Identifier: Apache-2.0
// GET /api/v2/trustBundle: the chain that certificates are issued below now, then those of before and of soon.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { toTrustBundle } from "../../../shared/fulcio/response.ts";
import { respondWith } from "../../../shared/http/cache.ts";
import type { CertificateAuthority } from "../issuing/issue.ts";

/** Kept for a minute, as a new CA must become known soon. */
export function trustBundle(request: Request, { chain, otherChains }: CertificateAuthority): Response {
  const body = new Uint8Array(encodeUtf8(JSON.stringify(toTrustBundle([chain.certificates, ...otherChains]))));
  return respondWith(request, { body, contentType: "application/json", cacheControl: "public, max-age=60" });
}
