// SPDX-License-Identifier: Apache-2.0
// The outermost layer of a service: an unconfigured service answers 503 on every route, and an exception becomes a 503.

import type { Result } from "../result.ts";
import type { ConfigError } from "../settings/settings.ts";
import { withFailures } from "./failure.ts";
import { requestIdOf } from "./request-id.ts";
import { notConfigured, renderStatus } from "./status.ts";

export interface ServiceParts<Env, Config, Rest extends unknown[] = []> {
  /** Called for every request; wrap it in oncePerEnv. */
  readonly readConfig: (env: Env) => Result<Config, ConfigError>;
  /** @param rest the further arguments of fetch */
  readonly route: (request: Request, config: Config, ...rest: Rest) => Promise<Response>;
  /** The 503 in the form that the spec of the request's route prescribes. */
  readonly failed: (requestId: string, request: Request) => Response;
}

/** Creates the default export of a service's index.ts. */
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
    // The front end gives every request an id; only tests send one without.
    fetch: (request, env, ...rest) =>
      withFailures(
        { request, requestId: requestIdOf(request) ?? "unnamed" },
        () => answer(request, env, rest),
        (requestId) => failed(requestId, request),
      ),
  };
}
