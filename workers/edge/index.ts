// SPDX-License-Identifier: Apache-2.0
// In front of rooms that are deployed apart: the same table of paths, over service bindings. Holds no key and no state.

import { type ConfigError, oncePerEnv, Settings } from "../../shared/env.ts";
import { publicUrlSetting } from "../../shared/http/public-url.ts";
import type { Result } from "../../shared/result.ts";
import { logsSetting } from "../../shared/shards.ts";
import { answer, type FrontConfig } from "../front.ts";
import type { RoomName } from "../routes.ts";

interface EdgeEnv {
  readonly PUBLIC_URL?: string;
  /** JSON: the logs beside the first two (shared/shards.ts), whose hosts are let through. */
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
} as const satisfies Record<RoomName, keyof EdgeEnv>;

const readConfig: (env: EdgeEnv) => Result<FrontConfig, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const logs = logsSetting(settings);
  return settings.finish(() => ({ publicUrl: publicUrl(), logs: logs() }));
});

export default {
  fetch: (request: Request, env: EdgeEnv): Promise<Response> =>
    answer(request, {
      config: readConfig(env),
      pages: {},
      dispatch: (room, named) => env[BINDINGS[room]].fetch(named),
    }),
};
