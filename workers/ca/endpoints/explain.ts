// SPDX-License-Identifier: Apache-2.0
// POST /api/identity/explain: what certificate a token would give, or which check refuses it. Takes the body of signingCert, in
// which the key may be left out. Stores nothing, logs nothing, uses no token up; it is limited as issuing is.

import { FULCIO_EXTENSION_NAMES, oidOf } from "../../../shared/fulcio/extensions.ts";
import { type PossessionError, verifyPossession } from "../../../shared/fulcio/possession.ts";
import type { RequestedKey } from "../../../shared/fulcio/request.ts";
import type { Principal } from "../../../shared/identity/principal.ts";
import { ok, type Result } from "../../../shared/result.ts";
import type { Identified } from "../issuing/identify.ts";
import { type CertificateAuthority, type IssueError, identifyWithinLimits, validityNow } from "../issuing/issue.ts";
import { checkUnused } from "../issuing/token-use.ts";
import { limitClient } from "../limits.ts";
import { type CaError, renderError, statusOf } from "../status.ts";
import { readRequest } from "./signing-certificate.ts";

/** 200 with `granted`; what is no answer about the token (the body, a limit, an issuer that is away) as signingCert says it. */
export async function explain(request: Request, ca: CertificateAuthority): Promise<Response> {
  const limited = await limitClient(request, ca.limits);
  if (!limited.ok) return renderError(limited.error, request);
  const read = await readRequest(request);
  if (!read.ok) return renderError(read.error, request);
  const identified = await identifyWithinLimits(read.value.token, ca);
  if (!identified.ok) return refusal(identified.error, request);
  const key = await readKey(read.value.key, identified.value.principal);
  if (!key.ok) return refusal(key.error, request);
  const unused = await checkUnused(identified.value, ca.tokenUse);
  if (!unused.ok) return refusal(unused.error, request);
  const validity = validityNow(ca);
  if (!validity.ok) return refusal(validity.error, request);
  return answer(grantOf(identified.value, key.value, ca));
}

const answer = (body: object): Response => Response.json(body, { headers: { "cache-control": "no-store" } });

function refusal(error: CaError & IssueError, request: Request): Response {
  const status = statusOf(error);
  // Only what the caller can fix is an answer to the question.
  if (status.grpc !== "INVALID_ARGUMENT") return renderError(error, request);
  return answer({ granted: false, check: error.code, message: status.message });
}

/** The kind of the key if the request has one and proves that it is the client's. */
async function readKey(key: RequestedKey, { challenges }: Principal): Promise<Result<string | null, PossessionError>> {
  if (key.kind === "public-key" && key.pem === "") return ok(null);
  const proved = await verifyPossession(key, challenges);
  return proved.ok ? ok(proved.value.kind) : proved;
}

function grantOf({ principal, issuer }: Identified, key: string | null, { lifetimeMs }: CertificateAuthority): object {
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
    /** What the key would have to sign, if the request has none. */
    challenges,
    usableOnce: issuer.takesTokensOnce,
  };
}
