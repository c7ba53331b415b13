// SPDX-License-Identifier: Apache-2.0
// GET /api/v1/timestamp/certchain: the authority's certificate chain, root last.
// Spec: https://github.com/sigstore/timestamp-authority/blob/main/openapi.yaml

import { encodePem } from "../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { respondWith } from "../../shared/http/cache.ts";
import type { Config } from "./env.ts";

/** Answers with the chain in PEM. Cached for one minute, as it changes only with the configuration. */
export function certChain(request: Request, { chain }: Config): Response {
  const pem = chain.map(({ der }) => encodePem("CERTIFICATE", der)).join("");
  const contentType = "application/pem-certificate-chain";
  return respondWith(request, {
    body: new Uint8Array(encodeUtf8(pem)),
    contentType,
    cacheControl: "public, max-age=60",
  });
}
