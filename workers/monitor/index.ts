// SPDX-License-Identifier: Apache-2.0
// The monitor: tells whoever watches a name, a repository or a key about entries in the logs.

import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import { ROUTES } from "./declaration.ts";
import { type Config, type MonitorEnv, readConfig } from "./env.ts";
import { renderError } from "./status.ts";

export { Monitor } from "./object/monitor.ts";

const HANDLERS: Handlers<typeof ROUTES, [Config]> = {
  wake: async (_, { monitor, publicUrl }) => {
    const until = await monitor.getByName(publicUrl.href).wake();
    return Response.json({ until }, { headers: { "cache-control": "no-store" } });
  },
};

const route = createRouter(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (allow) => renderError({ code: "monitor_method_wrong", allow }),
    notFound: () => renderError({ code: "monitor_path_unknown" }),
  },
  null,
);

export default createService<MonitorEnv, Config>({
  readConfig,
  route,
  failed: (requestId) => renderError({ code: "monitor_failed", requestId }),
});
