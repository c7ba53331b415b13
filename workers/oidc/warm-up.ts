// SPDX-License-Identifier: Apache-2.0
// Reads a configuration while the isolate starts (shared/warm-up/fixture.ts says why): the first certificate of an
// isolate needs the issuer's keys.

import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { NO_LIMIT, runWarmUp, WARM_UP_URL, warmUpKey } from "../../shared/warm-up/fixture.ts";
import { type OidcEnv, readConfig } from "./env.ts";

/** Returns the number of problems: one, as an RSA key would take long to make, and the warm-up's is none. */
export const warmUp = (): Promise<number> =>
  runWarmUp(() => {
    const config = readConfig(warmUpEnv());
    return Promise.resolve(config.ok ? 0 : config.error.problems.length);
  });

function warmUpEnv(): OidcEnv {
  const secret = encodeBase64(new Uint8Array(32)).replace(/=+$/, "");
  const env: Partial<Record<keyof OidcEnv, unknown>> = {
    PUBLIC_URL: WARM_UP_URL,
    OIDC_KEY: warmUpKey().pem,
    OIDC_SEAL_KEY: secret,
    OIDC_SUBJECT_KEY: secret,
    GRANTS: {},
    READS: NO_LIMIT,
    WRITES: NO_LIMIT,
  };
  // The warm-up calls no binding.
  return env as OidcEnv;
}
