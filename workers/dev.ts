// SPDX-License-Identifier: Apache-2.0
// The composed Worker plus what only a local stack may have: the development issuer and connector, and a CA that
// accepts tokens of issuers on loopback hosts. `npm start`, the tests and [env.dev] run this; nothing else imports it.

import { createCa } from "./ca/index.ts";
import { type ComposedEnv, compose, type Services } from "./compose.ts";
import { developmentConnectors } from "./dev/connector.ts";
import { DEV_TOKEN_PATH, issueDevToken } from "./dev/dev-token.ts";
import { DEV_LOGIN_PATH, showDevLogin } from "./dev/login.ts";
import log from "./log/index.ts";
import monitor from "./monitor/index.ts";
import { createOidc } from "./oidc/index.ts";
import trust from "./trust/index.ts";
import tsa from "./tsa/index.ts";
import web from "./web/index.ts";
import witness from "./witness/index.ts";

export * from "./entrypoints.ts";

const ca = createCa({ allowLoopbackIssuers: true });

const oidcService = createOidc(developmentConnectors);

const oidc: Services["oidc"] = {
  ...oidcService,
  fetch: (request, env, ctx) => {
    const { pathname } = new URL(request.url);
    if (pathname === DEV_TOKEN_PATH) return issueDevToken(request, env);
    return pathname === DEV_LOGIN_PATH ? showDevLogin(request, env) : oidcService.fetch(request, env, ctx);
  },
};

const composed = compose({ ca, tsa, log, trust, oidc, witness, monitor, web }, (ctx) => ctx.exports);

/** A local stack passes every request to the Worker, and binds what the platform would have served before it. */
type LocalEnv = ComposedEnv & { readonly ASSETS?: Fetcher };

export default {
  ...composed,
  fetch: (request: Request, env: LocalEnv, ctx: ExecutionContext): Promise<Response> =>
    env.ASSETS !== undefined && new URL(request.url).pathname.startsWith("/assets/")
      ? env.ASSETS.fetch(request)
      : composed.fetch(request, env, ctx),
};
