// SPDX-License-Identifier: Apache-2.0
// Version 1 of the API, which gitsign and cosign 2 use: it answers with PEM instead of JSON and with status 201, and
// takes the token from the header only.
// Spec: https://github.com/sigstore/fulcio/blob/main/fulcio_legacy.proto

import { encodePem } from "../../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { decodeLegacyRequest } from "../../../shared/fulcio/legacy-request.ts";
import type { SigningRequest } from "../../../shared/fulcio/request.ts";
import { readBody } from "../../../shared/http/body.ts";
import { respondWith } from "../../../shared/http/cache.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { ok, type Result } from "../../../shared/result.ts";
import { ROUTES } from "../declaration.ts";
import type { CaError } from "../errors.ts";
import { type CertificateAuthority, listTrustedChains } from "../issuing/certificate-authority.ts";
import { renderError } from "../status.ts";
import { bearerToken, issueFor } from "./signing-certificate.ts";

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "legacySigningCertificate");
const CONTENT_TYPE = "application/pem-certificate-chain";

/** POST /api/v1/signingCert: the chain, leaf first and root last, without a trailing line break. */
export async function serveLegacySigningCertificate(request: Request, ca: CertificateAuthority): Promise<Response> {
  const chain = await issueFor(request, ca, readLegacyRequest);
  if (!chain.ok) return renderError(chain.error, request);
  const headers = { "content-type": CONTENT_TYPE, "cache-control": "no-store" };
  return new Response(pemOf(chain.value).trimEnd(), { status: 201, headers });
}

/** GET /api/v1/rootCert: all chains that are not retired, the issuing CA's first. */
export function serveLegacyRootCertificate(request: Request, ca: CertificateAuthority): Response {
  const pem = listTrustedChains(ca).map(pemOf).join("");
  const body = new Uint8Array(encodeUtf8(pem));
  return respondWith(request, { body, contentType: CONTENT_TYPE, cacheControl: "public, max-age=60" });
}

const pemOf = (chain: readonly Uint8Array[]): string => chain.map((der) => encodePem("CERTIFICATE", der)).join("");

async function readLegacyRequest(request: Request): Promise<Result<SigningRequest, CaError>> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return body;
  const key = decodeLegacyRequest(body.value);
  return key.ok ? ok({ token: bearerToken(request), key: key.value }) : key;
}
