// SPDX-License-Identifier: Apache-2.0
// Limits the rate of each identity. The router limits the rate of each client network (shared/http/rate-gate.ts).
// Spec: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/

import { sha256 } from "#sha256";
import { encodeHex } from "../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import type { RateGate } from "../../shared/http/rate-gate.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { RateLimited } from "./errors.ts";
import type { Identified } from "./issuing/identify.ts";

/** The rate limits of the service. */
export interface Limits {
  readonly gate: RateGate;
  readonly identities: RateLimit;
  /** Names the deployment, because the counters belong to the account. */
  readonly deployment: string;
}

/**
 * Counts a certificate against its identity. Call it only after verifying the token, so that nobody can use up
 * another's limit. Fails with rate_limited.
 */
export async function limitIdentity(
  { issuer, principal }: Identified,
  { identities, deployment }: Limits,
): Promise<Result<null, RateLimited>> {
  // A name may have 12 KiB and any character; a key should not.
  const identity = sha256(encodeUtf8(`${issuer.url} ${principal.subjectAltName.value}`));
  const { success } = await identities.limit({ key: `${deployment} identity ${encodeHex(identity)}` });
  return success ? ok(null) : err({ code: "rate_limited", who: "identity" });
}
