// SPDX-License-Identifier: Apache-2.0
// The timestamp authority.

import { withCors } from "../../shared/http/cors.ts";
import { createRouter } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import { certChain } from "./cert-chain.ts";
import { type Config, readConfig } from "./env.ts";
import { renderError } from "./status.ts";
import { timestamp } from "./timestamp.ts";
import { warmUp } from "./warm-up.ts";

await warmUp();

const route = createRouter<[Config]>(
  [
    { method: "POST", path: "/api/v1/timestamp", handle: timestamp },
    { method: "GET", path: "/api/v1/timestamp/certchain", handle: certChain },
  ],
  {
    methodNotAllowed: (allow) => renderError({ code: "tsa_method_wrong", allow }),
    notFound: () => renderError({ code: "tsa_path_unknown" }),
  },
);

export default createService({
  readConfig,
  route: (request, config) => withCors(request, () => route(request, config)),
  failed: (requestId) => renderError({ code: "tsa_failed", requestId }),
});
