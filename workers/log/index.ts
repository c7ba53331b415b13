// SPDX-License-Identifier: Apache-2.0
// The front end of both logs: which path is answered by which file.

import { createRoom } from "../../shared/http/room.ts";
import { createRouter } from "../../shared/http/router.ts";
import { addChain, getRoots, issuer } from "./add-chain.ts";
import { addEntry } from "./add-entry.ts";
import { entry } from "./entry.ts";
import { addEntryDeps, type Config, type LogEnv, readConfig } from "./env.ts";
import { checkpoint, tile } from "./read.ts";
import { search } from "./search.ts";
import { type LogError, refuseJson, refuseText } from "./status.ts";
import { warmUp } from "./warm-up.ts";

await warmUp();

const route = createRouter<[Config]>(
  [
    // The signature log: Rekor v2. Clients read it at both places.
    { method: "POST", path: "/api/v2/log/entries", handle: (r, config) => addEntry(r, addEntryDeps(config, r)) },
    { method: "GET", path: "/checkpoint", handle: checkpoint("signature") },
    { method: "GET", path: "/tile/*", handle: tile("signature") },
    { method: "GET", path: "/api/v2/checkpoint", handle: checkpoint("signature") },
    { method: "GET", path: "/api/v2/tile/*", handle: tile("signature") },

    // The certificate log: RFC 6962 submission, static-ct-api reads. get-sth must not exist: by it monitors tell the two kinds.
    { method: "POST", path: "/ct/ct/v1/add-chain", handle: addChain("x509_entry") },
    { method: "POST", path: "/ct/ct/v1/add-pre-chain", handle: addChain("precert_entry") },
    { method: "GET", path: "/ct/ct/v1/get-roots", handle: getRoots },
    { method: "GET", path: "/ct/checkpoint", handle: checkpoint("certificate") },
    { method: "GET", path: "/ct/tile/*", handle: tile("certificate") },
    { method: "GET", path: "/ct/issuer/:fingerprint", handle: issuer },

    // Our own read API over both.
    { method: "GET", path: "/api/search", handle: search },
    { method: "GET", path: "/api/entries/:index", handle: entry },
  ],
  {
    methodNotAllowed: (allow, request) => refuse(request, { code: "method_wrong", allow }),
    notFound: (request) => refuse(request, { code: "path_unknown" }),
  },
);

/** In the form that the path's spec has for errors. */
function refuse(request: Request, error: LogError): Response {
  const { pathname } = new URL(request.url);
  const isJson = pathname.startsWith("/api/") && !/^\/api\/v2\/(checkpoint|tile)\b/.test(pathname);
  return isJson ? refuseJson(request, error) : refuseText(request, error);
}

export default createRoom<LogEnv, Config>({
  readConfig,
  route,
  failed: (requestId, request) => refuse(request, { code: "room_failed", requestId }),
});
