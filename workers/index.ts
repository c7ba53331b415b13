// SPDX-License-Identifier: Apache-2.0
// The composed Worker: all services behind one host name. A bare `wrangler deploy` deploys it.

import ca from "./ca/index.ts";
import { compose } from "./compose.ts";
import log from "./log/index.ts";
import monitor from "./monitor/index.ts";
import oidc from "./oidc/index.ts";
import trust from "./trust/index.ts";
import tsa from "./tsa/index.ts";
import web from "./web/index.ts";
import witness from "./witness/index.ts";

export * from "./entrypoints.ts";

export default compose({ ca, tsa, log, trust, oidc, witness, monitor, web }, (ctx) => ctx.exports);
