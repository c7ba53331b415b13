// SPDX-License-Identifier: Apache-2.0
// GET /api/v2/configuration: whose tokens are accepted, and what a client signs to prove that it holds its key.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { toConfiguration } from "../../../shared/fulcio/response.ts";
import { respondWith } from "../../../shared/http/cache.ts";
import type { Identification } from "../issuing/identify.ts";

/** A loopback issuer that this composition refuses is not listed. */
export function configuration(request: Request, { issuers, allowLoopbackIssuers }: Identification): Response {
  const accepted = issuers.issuers.filter(({ isLoopback }) => allowLoopbackIssuers || !isLoopback);
  const body = new Uint8Array(encodeUtf8(JSON.stringify(toConfiguration(accepted))));
  return respondWith(request, { body, contentType: "application/json", cacheControl: "public, max-age=60" });
}
