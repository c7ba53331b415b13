// SPDX-License-Identifier: Apache-2.0
// The documents that clients bootstrap from: a TUF repository, and trusted root and signing config without it.

import { createRouter } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import { unixMs } from "../../shared/time.ts";
import { TRUST_HEALTH_PATH } from "../../shared/trust/health.ts";
import { clientTrustConfigDocument, signingConfigDocument, trustedRootDocument } from "./documents/documents.ts";
import { tufDocument } from "./documents/tuf.ts";
import { type Config, readConfig, type TrustEnv } from "./env.ts";
import { trustHealth } from "./health.ts";
import { renderError } from "./status.ts";

export { TufRepository } from "./repository/tuf-repository.ts";

const route = createRouter<[Config]>(
  [
    { method: "GET", path: "/tuf/*", handle: tufDocument },
    { method: "GET", path: "/trusted_root.json", handle: trustedRootDocument },
    { method: "GET", path: "/signing_config.json", handle: signingConfigDocument },
    { method: "GET", path: "/client_trust_config.json", handle: clientTrustConfigDocument },
    {
      method: "GET",
      path: TRUST_HEALTH_PATH,
      handle: async (_request, config) =>
        Response.json(await trustHealth(config, unixMs(Date.now())), { headers: { "cache-control": "no-store" } }),
    },
  ],
  {
    methodNotAllowed: (allow) => renderError({ code: "trust_method_wrong", allow }),
    notFound: () => renderError({ code: "trust_path_unknown" }),
  },
);

const service = createService({
  readConfig,
  route,
  failed: (requestId) => renderError({ code: "trust_failed", requestId }),
});

/** A Cron Trigger: signs what is due before a reader has to wait for it. Nothing depends on it. */
async function scheduled(_controller: ScheduledController, env: TrustEnv): Promise<void> {
  const config = readConfig(env);
  if (config.ok) await config.value.serveTuf();
}

export default { ...service, scheduled };
