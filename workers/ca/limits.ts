// SPDX-License-Identifier: Apache-2.0
// Rate limits per client address and per identity. Cloudflare counts approximately and per location: these protect
// shared capacity and are not exact quotas.
// Spec: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/

import { clientAddress } from "../../shared/http/client-address.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { RateLimited } from "./errors.ts";
import type { Identified } from "./issuing/identify.ts";

/** The rate-limit bindings of the service. */
export interface Limits {
  readonly clients: RateLimit;
  readonly identities: RateLimit;
}

/** Counts a request against its client's address. Call it before reading the body. Fails with rate_limited. */
export async function limitClient(request: Request, { clients }: Limits): Promise<Result<null, RateLimited>> {
  const client = clientAddress(request);
  // A local stack has no limit.
  if (client === null) return ok(null);
  const { success } = await clients.limit({ key: client });
  return success ? ok(null) : err({ code: "rate_limited", who: "client" });
}

/**
 * Counts a certificate against its identity. Call it only after verifying the token, so that nobody can use up
 * another's limit. Fails with rate_limited.
 */
export async function limitIdentity(
  { issuer, principal }: Identified,
  { identities }: Limits,
): Promise<Result<null, RateLimited>> {
  const { success } = await identities.limit({ key: `${issuer.url} ${principal.subjectAltName.value}` });
  return success ? ok(null) : err({ code: "rate_limited", who: "identity" });
}
