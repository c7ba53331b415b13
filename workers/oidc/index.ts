// SPDX-License-Identifier: Apache-2.0
// The built-in OpenID issuer: serves its metadata and keys over HTTP, and its keys to the CA by RPC.

import { WorkerEntrypoint } from "cloudflare:workers";
import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import type { OidcKeysRpc } from "../../shared/rpc/oidc-keys.ts";
import { unixMs } from "../../shared/time.ts";
import { ROUTES } from "./declaration.ts";
import { discovery, jwks, publicKeys } from "./discovery.ts";
import { type Config, type OidcEnv, readConfig } from "./env.ts";
import { renderError } from "./status.ts";

const HANDLERS: Handlers<typeof ROUTES, [Config]> = {
  discovery: (_, config) => discovery(config),
  jwks: (_, config) => jwks(config, unixMs(Date.now())),
};

const route = createRouter(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (allow) => renderError({ code: "oidc_method_wrong", allow }),
    notFound: () => renderError({ code: "oidc_path_unknown" }),
  },
  null,
);

export default createService({
  readConfig,
  route,
  failed: (requestId) => renderError({ code: "oidc_failed", requestId }),
});

/** The issuer's keys for the CA, whose Worker cannot fetch its own host name. */
export class OidcKeys extends WorkerEntrypoint<OidcEnv> implements OidcKeysRpc {
  /** The JWK Set of the public keys. Rejects if the service is not configured: that is not an empty set of keys. */
  async jwks(): Promise<{ readonly keys: readonly JsonWebKey[] }> {
    const config = readConfig(this.env);
    if (!config.ok) throw new Error(config.error.problems.join("; "));
    return { keys: publicKeys(config.value, unixMs(Date.now())) };
  }
}
