// SPDX-License-Identifier: Apache-2.0
// The bindings of the oidc service in a unit test: unlimited, and without grants.

import type { OidcContext } from "../../../workers/oidc/connectors/remote.ts";
import type { OidcEnv } from "../../../workers/oidc/env.ts";

const UNLIMITED = { limit: () => Promise.resolve({ success: true }) } as unknown as RateLimit;

/** The environment of the oidc service with these settings. */
export const oidcEnv = (settings: OidcEnv): OidcEnv => ({
  READS: UNLIMITED,
  WRITES: UNLIMITED,
  GRANTS: { getByName: unreachable } as unknown as NonNullable<OidcEnv["GRANTS"]>,
  ...settings,
});

/** The execution context of the oidc service, of which a provider is asked nothing. */
export const OIDC_CONTEXT: OidcContext = { exports: { OidcUpstream: { identify: unreachable } } };

function unreachable(): never {
  throw new Error("unreachable");
}
