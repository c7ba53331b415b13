// SPDX-License-Identifier: Apache-2.0
// GET /api/v2/configuration: the issuers whose tokens are accepted, and the claim that a client signs to prove
// possession of its key.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { respondWith } from "../../../shared/http/cache.ts";
import { toConfiguration } from "../../../shared/identity/fulcio-configuration.ts";
import type { Identification } from "../issuing/identify.ts";

/** Lists the accepted issuers, so no loopback issuer in production. */
export function configuration(request: Request, { issuers, allowLoopbackIssuers }: Identification): Response {
  const accepted = issuers.issuers.filter(({ isLoopback }) => allowLoopbackIssuers || !isLoopback);
  const body = new Uint8Array(encodeUtf8(JSON.stringify(toConfiguration(accepted))));
  return respondWith(request, { body, contentType: "application/json", cacheControl: "public, max-age=60" });
}
