// SPDX-License-Identifier: Apache-2.0
// POST /api/v2/signingCert: reads the request, has issue.ts decide on it, writes the response.
// Spec: https://github.com/sigstore/fulcio/blob/main/fulcio.proto (CA.CreateSigningCertificate)

import { decodeSigningRequest, type SigningRequest } from "../../../shared/fulcio/request.ts";
import { toSigningCertificate } from "../../../shared/fulcio/response.ts";
import { readBody } from "../../../shared/http/body.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { requestIdOf } from "../../../shared/http/request-id.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { ok, type Result } from "../../../shared/result.ts";
import { ROUTES } from "../declaration.ts";
import type { CaError } from "../errors.ts";
import type { CertificateAuthority } from "../issuing/certificate-authority.ts";
import { issueCertificate } from "../issuing/issue.ts";
import { renderError } from "../status.ts";

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "signingCertificate");

/** Answers 200 with the chain, always as JSON: some clients ask for PEM and still parse JSON. */
export async function serveSigningCertificate(request: Request, ca: CertificateAuthority): Promise<Response> {
  const chain = await issueFor(request, ca, readRequest);
  return chain.ok
    ? Response.json(toSigningCertificate(chain.value), { headers: { "cache-control": "no-store" } })
    : renderError(chain.error, request);
}

/** The steps that both versions of the API share: limit, read, issue, and log one line per certificate. */
export async function issueFor(
  request: Request,
  ca: CertificateAuthority,
  read: (request: Request) => Promise<Result<SigningRequest, CaError>>,
): Promise<Result<readonly Uint8Array[], CaError>> {
  const signingRequest = await read(request);
  if (!signingRequest.ok) return signingRequest;
  const issued = await issueCertificate(signingRequest.value, clientNetwork(request) ?? "unknown", ca);
  if (!issued.ok) return issued;
  console.log(JSON.stringify({ code: "certificate_issued", requestId: requestIdOf(request), ...issued.value.record }));
  return ok(issued.value.chain);
}

/** Reads a request of version 2. A token in the Authorization header is used if the body has none. */
export async function readRequest(request: Request): Promise<Result<SigningRequest, CaError>> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return body;
  const decoded = decodeSigningRequest(body.value);
  if (!decoded.ok || decoded.value.token !== "") return decoded;
  return ok({ ...decoded.value, token: bearerToken(request) });
}

/**
 * The credential in the Authorization header: what follows the scheme Bearer in any case (RFC 9110 §11.1), or the whole
 * value without that scheme.
 */
export const bearerToken = (request: Request): string =>
  (request.headers.get("authorization") ?? "").replace(/^bearer +/i, "");
