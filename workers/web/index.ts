// SPDX-License-Identifier: Apache-2.0
// The pages for people: look up signatures, entries and the state of the logs. Rendered here, complete without scripts.

import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import { ROUTES } from "./declaration.ts";
import { type Config, readConfig, type WebEnv } from "./env.ts";
import { serveBundle, serveEntry, servePem } from "./handlers/entry.ts";
import { serveIdentity } from "./handlers/identity.ts";
import { serveLogs, serveStart } from "./handlers/logs.ts";
import { serveMeanings } from "./handlers/meanings.ts";
import { respondToProblem } from "./handlers/problem.ts";
import { serveSearch } from "./handlers/search.ts";
import { serveBadge, serveEvidence } from "./handlers/search-files.ts";
import { serveSign } from "./handlers/sign.ts";
import { serveVerify } from "./handlers/verify.ts";
import { warmUp } from "./warm-up.ts";

const HANDLERS: Handlers<typeof ROUTES, [Config]> = {
  startPage: serveStart,
  entryBundle: serveBundle,
  entryCertificate: servePem,
  entryPage: serveEntry,
  searchPage: serveSearch,
  meanings: serveMeanings,
  searchEvidence: serveEvidence,
  badge: serveBadge,
  identityPage: serveIdentity,
  logsPage: serveLogs,
  verifyPage: serveVerify,
  signPage: serveSign,
};

export const route = createRouter(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (allow) => new Response("Method Not Allowed\n", { status: 405, headers: { allow } }),
    notFound: (request) =>
      respondToProblem(request, {
        status: 404,
        title: "No such page",
        lead: "Nothing is at this address. Look up what you are after, or begin at the start page.",
      }),
  },
  {
    gateOf: ({ gate }) => gate,
    limited: (request) =>
      respondToProblem(request, {
        status: 429,
        title: "Too many pages at once",
        lead: "This network has asked for more than this site gives at once. Wait ten seconds, then load the page again.",
      }),
  },
);

await warmUp(route);

export default createService<WebEnv, Config>({
  readConfig,
  route,
  failed: (requestId, request) =>
    respondToProblem(request, {
      status: 503,
      title: "This page cannot be shown now",
      lead: "A part of this service does not answer. Load the page again in a few seconds.",
      requestId,
    }),
});
