// SPDX-License-Identifier: Apache-2.0
// The composed Worker plus what only a local stack may have: the development issuer, and a CA that accepts tokens of
// issuers on loopback hosts. `npm start`, the tests and [env.dev] run this; nothing else imports it.

import { createCa } from "./ca/index.ts";
import { compose, type Services } from "./compose.ts";
import { DEV_TOKEN_PATH, issueDevToken } from "./dev/dev-token.ts";
import log from "./log/index.ts";
import oidcService from "./oidc/index.ts";
import trust from "./trust/index.ts";
import tsa from "./tsa/index.ts";
import witness from "./witness/index.ts";

export { Anchor, OidcKeys, Sequencer, Tiles, TufRepository, UsedTokens } from "./entrypoints.ts";

const ca = createCa({ allowLoopbackIssuers: true });

const oidc: Services["oidc"] = {
  ...oidcService,
  fetch: (request, env) =>
    new URL(request.url).pathname === DEV_TOKEN_PATH ? issueDevToken(request, env) : oidcService.fetch(request, env),
};

export default compose({ ca, tsa, log, trust, oidc, witness }, (ctx) => ctx.exports.OidcKeys);
