// SPDX-License-Identifier: Apache-2.0
// The Worker in front of services that are deployed apart: the same front end, over service bindings. It holds no key
// and no state.

import type { Result } from "../../shared/result.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, oncePerEnv } from "../../shared/settings/settings.ts";
import { type FrontConfig, readFrontConfig } from "../front/config.ts";
import type { SETTINGS } from "../front/declaration.ts";
import { answer } from "../front/front.ts";
import type { ServiceName } from "../front/routes.ts";

/** Each service is bound under its name in capitals. */
type GatewayEnv = SettingsEnv<typeof SETTINGS> & { readonly [Name in Uppercase<ServiceName>]: Fetcher };

const bindingOf = (service: ServiceName): Uppercase<ServiceName> => service.toUpperCase() as Uppercase<ServiceName>;

const readConfig: (env: GatewayEnv) => Result<FrontConfig, ConfigError> = oncePerEnv((env) => readFrontConfig(env));

export default {
  fetch: (request: Request, env: GatewayEnv): Promise<Response> =>
    answer(request, {
      config: readConfig(env),
      pages: {},
      dispatch: (service, named) => env[bindingOf(service)].fetch(named),
    }),
};
