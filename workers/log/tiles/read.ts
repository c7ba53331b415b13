// SPDX-License-Identifier: Apache-2.0
// The public read path of every log: checkpoints, and tiles by way of the cached entrypoint (tiles.ts). Requests to
// that entrypoint are canonical whatever address, query and headers the client used, so that a tile has one cache key.
// Spec: https://c2sp.org/tlog-tiles; https://c2sp.org/static-ct-api#monitoring-apis

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { acceptEncodingOf, acceptsGzip } from "../../../shared/http/encoding.ts";
import { REQUEST_ID_HEADER } from "../../../shared/http/request-id.ts";
import { formatTilePath } from "../../../shared/tlog/tile.ts";
import { type Config } from "../env.ts";
import { readerOf } from "../reading/limited-reader.ts";
import { type LogSite } from "../sites.ts";
import { renderTextError } from "../status.ts";
import { parseLogTile, SENDER_HEADER, type TilesStub } from "./tiles.ts";

/**
 * Answers with a signed tree head that is at most a second old. Not cached: a cache would hide that the log is failing.
 */
export async function serveCheckpoint(request: Request, config: Config, site: LogSite): Promise<Response> {
  const { tail, admit } = readerOf(config, site, clientNetwork(request));
  const head = await tail.readHead(admit);
  if (!head.ok) return renderTextError(request, head.error);
  return respondWith(request, {
    body: encodeUtf8(head.value.checkpoint),
    contentType: "text/plain; charset=utf-8",
    cacheControl: CACHE_CONTROL.head,
  });
}

/** Answers with a tile or bundle, full or partial. Only the part of the path from `tile/` on counts. */
export async function serveTile(
  request: Request,
  { publicUrl }: Config,
  { log }: LogSite,
  tiles: TilesStub,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = parseLogTile(log, pathname.slice(pathname.indexOf("/tile/") + 1));
  if (!path.ok) return renderTextError(request, path.error);
  const url = `${publicUrl.href}/${formatTilePath(path.value)}`;
  const canonical = new Request(url, { method: request.method, headers: selectHeaders(request) });
  return tiles({ props: { log: log.name } }).fetch(canonical);
}

/** The headers that the answer depends on, and the request id. */
const FORWARDED_HEADERS = ["range", "if-range", "if-none-match", REQUEST_ID_HEADER] as const;

function selectHeaders(request: Request): Headers {
  // One of two values, because the cache keys on the spelling of this header. A range is always of the uncompressed
  // body.
  const isGzipWanted = acceptsGzip(acceptEncodingOf(request)) && !request.headers.has("range");
  const headers = new Headers({
    "accept-encoding": isGzipWanted ? "gzip" : "identity",
    [SENDER_HEADER]: clientNetwork(request) ?? "",
  });
  for (const name of FORWARDED_HEADERS) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
