// SPDX-License-Identifier: Apache-2.0
// A service's outermost layer: not configured, it says so on every route; what its handlers throw becomes its 503.

import type { Result } from "../result.ts";
import type { ConfigError } from "../settings/settings.ts";
import { withFailures } from "./failure.ts";
import { requestIdOf } from "./request-id.ts";
import { notConfigured, renderStatus } from "./status.ts";

export interface ServiceParts<Env, Config, Rest extends unknown[] = []> {
  /** Called for every request: oncePerEnv keeps that cheap. */
  readonly readConfig: (env: Env) => Result<Config, ConfigError>;
  /** `rest` is what fetch was given beyond the environment. */
  readonly route: (request: Request, config: Config, ...rest: Rest) => Promise<Response>;
  /** The 503 in the service's own form; where a service has several, the request tells which. */
  readonly failed: (requestId: string, request: Request) => Response;
}

/** The default export of a service's index.ts. */
export function createService<Env, Config, Rest extends unknown[] = []>({
  readConfig,
  route,
  failed,
}: ServiceParts<Env, Config, Rest>): {
  readonly fetch: (request: Request, env: Env, ...rest: Rest) => Promise<Response>;
} {
  const answer = (request: Request, env: Env, rest: Rest): Promise<Response> | Response => {
    const config = readConfig(env);
    return config.ok ? route(request, config.value, ...rest) : renderStatus(notConfigured(config.error));
  };
  return {
    // The composition and the edge name every request; only a test comes without.
    fetch: (request, env, ...rest) =>
      withFailures(
        { request, requestId: requestIdOf(request) ?? "unnamed" },
        () => answer(request, env, rest),
        (requestId) => failed(requestId, request),
      ),
  };
}
