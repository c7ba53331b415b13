// SPDX-License-Identifier: Apache-2.0
// The Worker in front of services that are deployed apart: the same front end, over service bindings. It holds no key
// and no state.

import { readSettingsReport } from "../../shared/http/settings-check.ts";
import type { Result } from "../../shared/result.ts";
import { MONITOR_WAKE_PATH } from "../../shared/rpc/monitor.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, readOncePerEnv } from "../../shared/settings/settings.ts";
import { type FrontConfig, readFrontConfig } from "../front/config.ts";
import type { SETTINGS } from "../front/declaration.ts";
import { answer } from "../front/front.ts";
import { readMonitorProblems } from "../front/monitor-state.ts";
import { readUntil, wakeAfter } from "../front/wake-monitor.ts";
import { warmUp } from "../front/warm-up.ts";

await warmUp();

/** Every service, also the one that answers no request from outside. */
const SERVICES = ["ca", "tsa", "log", "trust", "oidc", "witness", "monitor", "web", "sequencer"] as const;
type BoundService = (typeof SERVICES)[number];

/** Each service is bound under its name in capitals. */
type GatewayEnv = SettingsEnv<typeof SETTINGS> & { readonly [Name in Uppercase<BoundService>]: Fetcher };

const bindingOf = (service: BoundService): Uppercase<BoundService> => service.toUpperCase() as Uppercase<BoundService>;

const readConfig: (env: GatewayEnv) => Result<FrontConfig, ConfigError> = readOncePerEnv((env) => readFrontConfig(env));

export default {
  fetch: (request: Request, env: GatewayEnv, ctx: ExecutionContext): Promise<Response> =>
    answer(request, {
      config: readConfig(env),
      settingsProblems: () => collectProblems(env),
      pages: {},
      gateOf: null,
      logProblems: () => readMonitorProblems(env.MONITOR),
      dispatch: (service, named) =>
        wakeAfter(
          env,
          { service, method: named.method },
          { wake: () => wakeMonitor(env), waitUntil: (work) => ctx.waitUntil(work) },
          env[bindingOf(service)].fetch(named),
        ),
    }),
};

const wakeMonitor = async (env: GatewayEnv): Promise<unknown> =>
  readUntil(await env.MONITOR.fetch(new Request(`https://monitor${MONITOR_WAKE_PATH}`)));

async function collectProblems(env: GatewayEnv): Promise<readonly string[]> {
  const reports = SERVICES.map((service) =>
    readSettingsReport(service, (request) => env[bindingOf(service)].fetch(request)),
  );
  return [...new Set((await Promise.all(reports)).flat())];
}
