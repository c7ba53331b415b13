// SPDX-License-Identifier: Apache-2.0
// The front end of all logs: the table of routes, and the form of the answers that no handler gives.

import { preflight } from "../../shared/http/cache.ts";
import { createRouter } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import { renderStatus } from "../../shared/http/status.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { entry, entryTlogProof } from "./api/entry.ts";
import { logs } from "./api/logs.ts";
import { meta } from "./api/meta.ts";
import { consistency, inclusion } from "./api/proof.ts";
import { search } from "./api/search.ts";
import { addEntryDeps, type Config, frozenError, type LogEnv, type LogSite, readConfig, siteOf } from "./env.ts";
import type { LogError } from "./errors.ts";
import { addEntry } from "./rekor-v2/add-entry.ts";
import { entryStatus } from "./rekor-v2/add-entry-status.ts";
import { addChain, getRoots, issuer } from "./rfc6962/add-chain.ts";
import { refuseJson, refuseText } from "./status.ts";
import { checkpoint, tile } from "./tiles/read.ts";
import type { TilesContext, TilesStub } from "./tiles/tiles.ts";
import { warmUp } from "./warm-up/warm-up.ts";

export { Tiles } from "./tiles/tiles.ts";

await warmUp();

const route = createRouter<[Config, TilesStub]>(
  [
    // The signature log: Rekor v2. Clients read it at the root and below /api/v2.
    { method: "POST", path: "/api/v2/log/entries", handle: onSite("signature", addSignature) },
    { method: "GET", path: "/checkpoint", handle: onSite("signature", checkpoint) },
    { method: "GET", path: "/tile/*", handle: onSite("signature", tile) },
    { method: "GET", path: "/api/v2/checkpoint", handle: onSite("signature", checkpoint) },
    { method: "GET", path: "/api/v2/tile/*", handle: onSite("signature", tile) },

    // The certificate log: RFC 6962 submission, static-ct-api reads. get-sth must not exist: monitors use it to tell an
    // RFC 6962 log from a static-ct-api log.
    { method: "POST", path: "/ct/ct/v1/add-chain", handle: onSite("certificate", addChain("x509_entry")) },
    { method: "POST", path: "/ct/ct/v1/add-pre-chain", handle: onSite("certificate", addChain("precert_entry")) },
    { method: "GET", path: "/ct/ct/v1/get-roots", handle: onSite("certificate", getRoots) },
    { method: "GET", path: "/ct/checkpoint", handle: onSite("certificate", checkpoint) },
    { method: "GET", path: "/ct/tile/*", handle: onSite("certificate", tile) },
    { method: "GET", path: "/ct/issuer/:fingerprint", handle: onSite("certificate", issuer) },

    // Our own read API, over all logs.
    { method: "GET", path: "/api/logs", handle: logs },
    { method: "GET", path: "/api/search", handle: search },
    { method: "GET", path: "/api/entries/:index.tlog-proof", handle: entryTlogProof },
    { method: "GET", path: "/api/entries/:index", handle: entry },
    { method: "GET", path: "/api/proof/inclusion", handle: inclusion },
    { method: "GET", path: "/api/proof/consistency", handle: consistency },
    { method: "GET", path: "/api/meta/:bundle", handle: onSite("signature", meta) },
  ],
  {
    methodNotAllowed: (allow, request) =>
      request.method === "OPTIONS" && allow !== "POST"
        ? preflight(allow)
        : refuse(request, { code: "method_wrong", allow }),
    notFound: (request) => refuse(request, { code: "path_unknown" }),
  },
);

function addSignature(request: Request, config: Config, site: LogSite): Response | Promise<Response> {
  const frozen = frozenError(config, site);
  return frozen === null ? addEntry(request, addEntryDeps(config, site, request)) : renderStatus(entryStatus(frozen));
}

/** Passes the handler the log of this kind on the requested host. A host without such a log answers path_unknown. */
function onSite(kind: LogKind, handle: SiteHandler): (...args: [Request, Config, TilesStub]) => Promise<Response> {
  return async (request, config, tiles) => {
    const site = siteOf(config, request, kind);
    return site === null ? refuse(request, { code: "path_unknown" }) : await handle(request, config, site, tiles);
  };
}

type SiteHandler = (request: Request, config: Config, site: LogSite, tiles: TilesStub) => Response | Promise<Response>;

/** Answers in the form that the path's spec prescribes for errors. */
function refuse(request: Request, error: LogError): Response {
  const { pathname } = new URL(request.url);
  const isJson = pathname.startsWith("/api/") && !/^\/api\/v2\/(checkpoint|tile)\b/.test(pathname);
  return isJson ? refuseJson(request, error) : refuseText(request, error);
}

const service = createService<LogEnv, Config, [TilesStub]>({
  readConfig,
  route,
  failed: (requestId, request) => refuse(request, { code: "service_failed", requestId }),
});

export default {
  fetch: (request: Request, env: LogEnv, ctx: TilesContext): Promise<Response> =>
    service.fetch(request, env, (options) => ctx.exports.Tiles(options)),
};
