// SPDX-License-Identifier: Apache-2.0
// The front end of all logs: a handler for each route, and the answers that no handler gives.

import { WorkerEntrypoint } from "cloudflare:workers";
import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import type { LogReadsRpc } from "../../shared/rpc/log-reads.ts";
import type { UnixMs } from "../../shared/time.ts";
import { serveEntry, serveTlogProof } from "./api/entry.ts";
import { serveLogs } from "./api/logs.ts";
import { serveMeta } from "./api/meta.ts";
import { serveConsistency, serveInclusion } from "./api/proof.ts";
import { ROUTES } from "./declaration.ts";
import { type Config, type LogEnv, type ReadingConfig, readConfig, readReadingConfig } from "./env.ts";
import type { LogError } from "./errors.ts";
import { answerSearch, countMonths, readHeads, readLoggedEntry, reportLogs } from "./reading/log-reads.ts";
import { readRecords } from "./reading/record-batch.ts";
import { addV1Entry } from "./rekor-v1/add-entry.ts";
import { serveLogInfo, serveProof, servePublicKey } from "./rekor-v1/log-info.ts";
import { serveById, serveByIndex } from "./rekor-v1/read-entry.ts";
import { serveQuery } from "./rekor-v1/retrieve.ts";
import { searchV1Index } from "./rekor-v1/search-index.ts";
import { answerWithoutLog, isV1Api, renderReadError } from "./rekor-v1/status.ts";
import { addSignature } from "./rekor-v2/add-signature.ts";
import { addChain, getRoots } from "./rfc6962/add-chain.ts";
import { serveIssuer } from "./rfc6962/issuers.ts";
import { indexAttestation } from "./search/index-attestation.ts";
import { search } from "./search/search.ts";
import { type LogSite, siteOf } from "./sites.ts";
import { renderJsonError, renderTextError } from "./status.ts";
import { serveCheckpoint, serveTile } from "./tiles/read.ts";
import type { TilesContext, TilesStub } from "./tiles/tiles.ts";
import { warmUp } from "./warm-up/warm-up.ts";

export { Tiles } from "./tiles/tiles.ts";

const HANDLERS: Handlers<typeof ROUTES, [Config, TilesStub]> = {
  addEntry: handleOnSite("signature", addSignature),
  checkpoint: handleOnSite("signature", serveCheckpoint),
  tile: handleOnSite("signature", serveTile),
  addChain: handleOnSite("certificate", addChain("x509_entry")),
  addPreChain: handleOnSite("certificate", addChain("precert_entry")),
  getRoots: handleOnSite("certificate", getRoots),
  ctCheckpoint: handleOnSite("certificate", serveCheckpoint),
  ctTile: handleOnSite("certificate", serveTile),
  issuer: handleOnSite("certificate", serveIssuer),
  v1LogInfo: handleV1(serveLogInfo),
  v1PublicKey: handleV1(servePublicKey),
  v1Proof: handleV1(serveProof),
  v1AddEntry: handleV1(addV1Entry),
  v1EntryByIndex: handleV1(serveByIndex),
  v1EntryById: handleV1(serveById),
  v1Retrieve: handleV1(serveQuery),
  v1SearchIndex: handleV1(searchV1Index),
  v1Checkpoint: handleOnSite("rekor-v1", serveCheckpoint),
  v1Tile: handleOnSite("rekor-v1", serveTile),
  logs: serveLogs,
  search,
  indexAttestation,
  entryTlogProof: serveTlogProof,
  entry: serveEntry,
  inclusion: serveInclusion,
  consistency: serveConsistency,
  meta: serveMeta,
};

const route = createRouter(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (allow, request) => renderError(request, { code: "method_wrong", allow }),
    notFound: (request) => renderError(request, { code: "path_unknown" }),
  },
  {
    gateOf: ({ gate }) => gate,
    limited: (request, limit) => renderError(request, { code: limit === "reads" ? "reads_limited" : "writes_limited" }),
  },
);

/** Passes the handler the log of this kind on the requested host. A host without such a log answers path_unknown. */
function handleOnSite(
  kind: LogKind,
  handle: SiteHandler,
): (...args: [Request, Config, TilesStub]) => Promise<Response> {
  return async (request, config, tiles) => {
    const site = siteOf(config, request, kind);
    return site === null ? renderError(request, { code: "path_unknown" }) : await handle(request, config, site, tiles);
  };
}

/** Like handleOnSite. A host without a Rekor v1 log says what to do instead. */
function handleV1(handle: SiteHandler): (...args: [Request, Config, TilesStub]) => Promise<Response> {
  return async (request, config, tiles) => {
    const site = siteOf(config, request, "rekor-v1");
    return site === null ? answerWithoutLog(config.publicUrl) : await handle(request, config, site, tiles);
  };
}

type SiteHandler = (request: Request, config: Config, site: LogSite, tiles: TilesStub) => Response | Promise<Response>;

/** Answers in the form that the path's spec prescribes for errors. */
function renderError(request: Request, error: LogError): Response {
  const { pathname } = new URL(request.url);
  if (isV1Api(pathname)) return renderReadError(request, error);
  const isJson = pathname.startsWith("/api/") && !/^\/api\/v2\/(checkpoint|tile)\b/.test(pathname);
  return isJson ? renderJsonError(request, error) : renderTextError(request, error);
}

await warmUp((request, config) => route(request, config, rejectTiles));

/** The warm-up reads no tile. */
function rejectTiles(): never {
  throw new TypeError("start-up has no entrypoints");
}

const service = createService<LogEnv, Config, [TilesStub]>({
  readConfig,
  route,
  failed: (requestId, request) => renderError(request, { code: "service_failed", requestId }),
});

export default {
  fetch: (request: Request, env: LogEnv, ctx: TilesContext): Promise<Response> =>
    service.fetch(request, env, (options) => ctx.exports.Tiles(options)),
  checkSettings: service.checkSettings,
};

/** Reads the logs for the pages. Whoever calls it limits its own clients. */
export class LogReads extends WorkerEntrypoint<LogEnv> implements LogReadsRpc {
  readEntry(log: string, leafIndex: number): ReturnType<LogReadsRpc["readEntry"]> {
    return readLoggedEntry(this.#config(), log, leafIndex);
  }

  readHeads(): ReturnType<LogReadsRpc["readHeads"]> {
    return readHeads(this.#config());
  }

  readRecords(log: string, from: number): ReturnType<LogReadsRpc["readRecords"]> {
    return readRecords(this.#config(), log, from);
  }

  reportLogs(times: readonly UnixMs[]): ReturnType<LogReadsRpc["reportLogs"]> {
    return reportLogs(this.#config(), times);
  }

  countByMonth(identity: string, before: UnixMs | null): ReturnType<LogReadsRpc["countByMonth"]> {
    return countMonths(this.#config(), identity, before);
  }

  search(query: string): ReturnType<LogReadsRpc["search"]> {
    return answerSearch(this.#config(), query);
  }

  #config(): ReadingConfig {
    const config = readReadingConfig(this.env);
    if (!config.ok) throw new Error(config.error.problems.join("; "));
    return config.value;
  }
}
