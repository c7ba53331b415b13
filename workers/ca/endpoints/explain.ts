// SPDX-License-Identifier: Apache-2.0
// POST /api/identity/explain: the certificate that a token would yield, or the check that rejects it. The body is
// that of signingCert, with an optional key. Nothing is stored or logged and no token is consumed; the rate limits of
// issuing apply.

import { FULCIO_EXTENSION_NAMES, oidOf } from "../../../shared/fulcio/extensions.ts";
import { type PossessionError, verifyPossession } from "../../../shared/fulcio/possession.ts";
import type { RequestedKey } from "../../../shared/fulcio/request.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import type { Principal } from "../../../shared/identity/principal.ts";
import { ok, type Result } from "../../../shared/result.ts";
import type { IssueError } from "../errors.ts";
import type { CertificateAuthority } from "../issuing/certificate-authority.ts";
import type { Identified } from "../issuing/identify.ts";
import { identifyWithinLimits, validityNow } from "../issuing/issue.ts";
import { checkUnused } from "../issuing/token-use.ts";
import { renderError, statusOf } from "../status.ts";
import { readRequest } from "./signing-certificate.ts";

/**
 * Answers 200 with `granted`. Errors that say nothing about the token (a malformed body, a rate limit, an unreachable
 * issuer) are those of signingCert.
 */
export async function explain(request: Request, ca: CertificateAuthority): Promise<Response> {
  const read = await readRequest(request);
  if (!read.ok) return renderError(read.error, request);
  const identified = await identifyWithinLimits(read.value.token, clientNetwork(request) ?? "unknown", ca);
  if (!identified.ok) return renderRejection(identified.error, request);
  const key = await readKey(read.value.key, identified.value.principal);
  if (!key.ok) return renderRejection(key.error, request);
  const unused = await checkUnused(identified.value, ca.tokenUse);
  if (!unused.ok) return renderRejection(unused.error, request);
  const validity = validityNow(ca);
  if (!validity.ok) return renderRejection(validity.error, request);
  return renderJson(describeGrant(identified.value, key.value, ca));
}

const renderJson = (body: object): Response => Response.json(body, { headers: { "cache-control": "no-store" } });

function renderRejection(error: IssueError, request: Request): Response {
  const status = statusOf(error);
  // Only an error that the caller can fix answers the question.
  if (status.grpc !== "INVALID_ARGUMENT") return renderError(error, request);
  return renderJson({ granted: false, check: error.code, message: status.message });
}

/** Returns the key's kind after verifying the proof of possession, or null if the request has no key. */
async function readKey(key: RequestedKey, { challenges }: Principal): Promise<Result<string | null, PossessionError>> {
  if (key.kind === "public-key" && key.pem === "") return ok(null);
  const proved = await verifyPossession(key, challenges);
  return proved.ok ? ok(proved.value.kind) : proved;
}

function describeGrant(
  { principal, issuer }: Identified,
  key: string | null,
  { lifetimeMs }: CertificateAuthority,
): object {
  const { subjectAltName, extensions, challenges } = principal;
  return {
    granted: true,
    issuer: issuer.url,
    issuerType: issuer.identity.type,
    subjectAltName: { type: subjectAltName.kind, value: subjectAltName.value },
    extensions: FULCIO_EXTENSION_NAMES.flatMap((name) => {
      const value = extensions[name] ?? "";
      return value === "" ? [] : [{ oid: oidOf(name), name, value }];
    }),
    lifetimeSeconds: lifetimeMs / 1000,
    key,
    /** The key must sign one of these. */
    challenges,
    usableOnce: issuer.takesTokensOnce,
  };
}
