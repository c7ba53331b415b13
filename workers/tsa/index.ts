// SPDX-License-Identifier: Apache-2.0
// The timestamp authority.

import { withCors } from "../../shared/http/cors.ts";
import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import { certChain } from "./cert-chain.ts";
import { ROUTES } from "./declaration.ts";
import { type Config, readConfig } from "./env.ts";
import { renderError } from "./status.ts";
import { serveTimestamp } from "./timestamp.ts";
import { warmUp } from "./warm-up.ts";

const HANDLERS: Handlers<typeof ROUTES, [Config]> = { timestamp: serveTimestamp, certChain };

const route = createRouter(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (allow) => renderError({ code: "tsa_method_wrong", allow }),
    notFound: () => renderError({ code: "tsa_path_unknown" }),
  },
  {
    gateOf: ({ gate }) => gate,
    limited: () => renderError({ code: "tsa_rate_limited" }),
  },
);

const serve = (request: Request, config: Config): Promise<Response> => withCors(request, () => route(request, config));

await warmUp(serve);

export default createService({
  readConfig,
  route: serve,
  failed: (requestId) => renderError({ code: "tsa_failed", requestId }),
});
