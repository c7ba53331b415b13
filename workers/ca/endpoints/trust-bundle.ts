// SPDX-License-Identifier: Apache-2.0
// GET /api/v2/trustBundle: the chain of the issuing CA, then the chains of earlier and coming CAs,
// without those that are retired: the document has no place for the time until which each is trusted.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { toTrustBundle } from "../../../shared/fulcio/response.ts";
import { respondWith } from "../../../shared/http/cache.ts";
import { type CertificateAuthority, listTrustedChains } from "../issuing/certificate-authority.ts";

/** Answers with every chain. Cached for one minute only, so that clients learn of a new CA soon. */
export function trustBundle(request: Request, ca: CertificateAuthority): Response {
  const body = new Uint8Array(encodeUtf8(JSON.stringify(toTrustBundle(listTrustedChains(ca)))));
  return respondWith(request, { body, contentType: "application/json", cacheControl: "public, max-age=60" });
}
