// SPDX-License-Identifier: Apache-2.0
// The outermost layer of a service: an unconfigured service answers 503 on every route, and an exception becomes a 503.

import type { Result } from "../result.ts";
import type { ConfigError } from "../settings/settings.ts";
import { catchFailures } from "./failure.ts";
import { isSettingsCheck, problemsOf, settingsReport } from "./settings-check.ts";
import { rejectUnconfigured, renderStatus } from "./status.ts";

export interface ServiceParts<Env, Config, Rest extends unknown[] = []> {
  /** Called for every request; wrap it in readOncePerEnv. */
  readonly readConfig: (env: Env) => Result<Config, ConfigError>;
  /** Lists the problems of the settings, for a service with settings that `readConfig` does not read. */
  readonly checkSettings?: (env: Env) => readonly string[];
  /** @param rest the further arguments of fetch */
  readonly route: (request: Request, config: Config, ...rest: Rest) => Promise<Response>;
  /** The 503 in the form that the spec of the request's route prescribes. */
  readonly failed: (requestId: string, request: Request) => Response;
}

/** A service, as the composition uses it. */
export interface Service<Env, Rest extends unknown[] = []> {
  readonly fetch: (request: Request, env: Env, ...rest: Rest) => Promise<Response>;
  /** Names everything that is missing or wrong, one line each. */
  readonly checkSettings: (env: Env) => readonly string[];
}

/** Creates the default export of a service's index.ts. */
export function createService<Env, Config, Rest extends unknown[] = []>({
  readConfig,
  checkSettings = (env) => problemsOf(readConfig(env)),
  route,
  failed,
}: ServiceParts<Env, Config, Rest>): Service<Env, Rest> {
  const answer = (request: Request, env: Env, rest: Rest): Promise<Response> | Response => {
    if (isSettingsCheck(request)) return settingsReport(checkSettings(env));
    const config = readConfig(env);
    return config.ok ? route(request, config.value, ...rest) : renderStatus(rejectUnconfigured(config.error));
  };
  return {
    fetch: (request, env, ...rest) =>
      catchFailures(
        request,
        () => answer(request, env, rest),
        (requestId) => failed(requestId, request),
      ),
    checkSettings,
  };
}
