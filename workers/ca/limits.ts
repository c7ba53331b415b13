// SPDX-License-Identifier: Apache-2.0
// How often one client may ask, and how often there is a certificate for one identity. The platform counts, per location and
// roughly: a limit keeps one from using up what all share, it is no quota.
// Spec: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/

import { err, ok, type Result } from "../../shared/result.ts";
import type { Identified } from "./issuing/identify.ts";

export interface Limits {
  readonly clients: RateLimit;
  readonly identities: RateLimit;
}

export interface RateLimited {
  readonly code: "rate_limited";
  readonly who: "client" | "identity";
}

/** Set by Cloudflare on what comes from outside, whatever the sender wrote there. */
const CLIENT_HEADER = "cf-connecting-ip";

/** Before anything of the request is read. Fails with rate_limited. */
export async function limitClient(request: Request, { clients }: Limits): Promise<Result<null, RateLimited>> {
  const client = request.headers.get(CLIENT_HEADER);
  // Without it the request has not come through Cloudflare: a stack on somebody's own machine.
  if (client === null) return ok(null);
  const { success } = await clients.limit({ key: client });
  return success ? ok(null) : err({ code: "rate_limited", who: "client" });
}

/** Once the token is known to hold: nobody can use up the limit of another. Fails with rate_limited. */
export async function limitIdentity(
  { issuer, principal }: Identified,
  { identities }: Limits,
): Promise<Result<null, RateLimited>> {
  const { success } = await identities.limit({ key: `${issuer.url} ${principal.subjectAltName.value}` });
  return success ? ok(null) : err({ code: "rate_limited", who: "identity" });
}
