// SPDX-License-Identifier: Apache-2.0
// In front of services that are deployed apart: the same table of paths, over service bindings. Holds no key and no state.

import { publicUrlSetting } from "../../shared/http/public-url.ts";
import { logsSetting } from "../../shared/logs/shards.ts";
import type { Result } from "../../shared/result.ts";
import { type ConfigError, oncePerEnv, Settings } from "../../shared/settings/settings.ts";
import { answer, type FrontConfig } from "../front/front.ts";
import type { ServiceName } from "../front/routes.ts";

interface GatewayEnv {
  readonly PUBLIC_URL?: string;
  /** JSON: the logs beside the first two (shared/logs/shards.ts), whose hosts are let through. */
  readonly SHARDS?: string;
  readonly CA: Fetcher;
  readonly TSA: Fetcher;
  readonly LOG: Fetcher;
  readonly TRUST: Fetcher;
  readonly OIDC: Fetcher;
  readonly WITNESS: Fetcher;
}

const BINDINGS = {
  ca: "CA",
  tsa: "TSA",
  log: "LOG",
  trust: "TRUST",
  oidc: "OIDC",
  witness: "WITNESS",
} as const satisfies Record<ServiceName, keyof GatewayEnv>;

const readConfig: (env: GatewayEnv) => Result<FrontConfig, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const logs = logsSetting(settings);
  return settings.finish(() => ({ publicUrl: publicUrl(), logs: logs() }));
});

export default {
  fetch: (request: Request, env: GatewayEnv): Promise<Response> =>
    answer(request, {
      config: readConfig(env),
      pages: {},
      dispatch: (service, named) => env[BINDINGS[service]].fetch(named),
    }),
};
