// SPDX-License-Identifier: Apache-2.0
// The witness: cosigns checkpoints of other operators' logs.

import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import { describeWitness } from "./about.ts";
import { addCheckpoint } from "./add-checkpoint.ts";
import { serveCosignedCheckpoint } from "./cosigned-checkpoint.ts";
import { ROUTES } from "./declaration.ts";
import { type Config, readConfig } from "./env.ts";
import { renderError } from "./status.ts";

const HANDLERS: Handlers<typeof ROUTES, [Config]> = {
  addCheckpoint,
  about: describeWitness,
  cosignedCheckpoint: serveCosignedCheckpoint,
};

const route = createRouter(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (allow) => renderError({ code: "witness_method_wrong", allow }),
    notFound: () => renderError({ code: "witness_path_unknown" }),
  },
  {
    gateOf: ({ gate }) => gate,
    limited: (_, limit) => renderError({ code: "witness_rate_limited", limit }),
  },
);

export default createService({
  readConfig,
  route: (request, config) => route(request, config),
  failed: (requestId) => renderError({ code: "witness_failed", requestId }),
});
