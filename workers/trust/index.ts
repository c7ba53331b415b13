// SPDX-License-Identifier: Apache-2.0
// The documents that clients bootstrap from: the TUF repository, and trusted root and signing config outside it.

import { WorkerEntrypoint } from "cloudflare:workers";
import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import type { TrustStateRpc } from "../../shared/rpc/trust-state.ts";
import { unixMs } from "../../shared/time.ts";
import type { TrustHealth } from "../../shared/trust/health.ts";
import { ROUTES } from "./declaration.ts";
import { clientTrustConfigDocument, signingConfigDocument, trustedRootDocument } from "./documents/documents.ts";
import { serveTufDocument } from "./documents/tuf.ts";
import { type Config, checkSettings, readConfig, readDeployed, type TrustEnv } from "./env.ts";
import { readHealth } from "./health.ts";
import { renderError } from "./status.ts";

export { TufRepository } from "./repository/tuf-repository.ts";

const HANDLERS: Handlers<typeof ROUTES, [Config]> = {
  tuf: serveTufDocument,
  trustedRoot: trustedRootDocument,
  signingConfig: signingConfigDocument,
  clientTrustConfig: clientTrustConfigDocument,
  health: async (_request, config) =>
    Response.json(await readHealth(config, unixMs(Date.now())), { headers: { "cache-control": "no-store" } }),
};

const route = createRouter(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (allow) => renderError({ code: "trust_method_wrong", allow }),
    notFound: () => renderError({ code: "trust_path_unknown" }),
  },
  null,
);

const service = createService({
  readConfig,
  checkSettings,
  route,
  failed: (requestId) => renderError({ code: "trust_failed", requestId }),
});

/** Run by a Cron Trigger: signs what is due, so that no reader waits for it. Nothing depends on it. */
async function scheduled(_controller: ScheduledController, env: TrustEnv): Promise<void> {
  const config = readConfig(env);
  if (config.ok) await config.value.serveTuf();
}

export default { ...service, scheduled };

/** Reads the state of the trust of the deployment, and its root, for the pages. */
export class TrustState extends WorkerEntrypoint<TrustEnv> implements TrustStateRpc {
  /** Rejects if the service is not configured, or if the repository is unreachable. */
  async readHealth(): Promise<TrustHealth> {
    const config = readConfig(this.env);
    if (!config.ok) throw new Error(config.error.problems.join("; "));
    return await readHealth(config.value, unixMs(Date.now()));
  }

  async readDeployedRoot(): Promise<string | null> {
    const { texts } = readDeployed(this.env);
    if (!texts.ok) throw new Error(texts.error);
    return texts.value?.roots.at(-1) ?? null;
  }
}
