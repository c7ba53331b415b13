// SPDX-License-Identifier: Apache-2.0
// The read path of every log as the world calls it: checkpoints, and the way to the tiles. A tile is asked of the entrypoint behind
// the cache (tiles.ts) in one form only, whichever of its addresses, queries and headers it was asked by here: one key a tile.
// Spec: https://c2sp.org/tlog-tiles; https://c2sp.org/static-ct-api#monitoring-apis

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import { acceptEncodingOf, acceptsGzip } from "../../../shared/http/encoding.ts";
import { REQUEST_ID_HEADER } from "../../../shared/http/request-id.ts";
import { formatTilePath } from "../../../shared/tlog/tile.ts";
import { type Config, type LogSite, readerOf, senderOf } from "../env.ts";
import { refuseText } from "../status.ts";
import { parseLogTile, SENDER_HEADER, type TilesStub } from "./tiles.ts";

/** The newest signed tree head, at most a second old. Not through the cache: that would show an old one while the log fails. */
export async function checkpoint(request: Request, config: Config, site: LogSite): Promise<Response> {
  const { tail, admit } = readerOf(config, site, senderOf(request));
  const head = await tail.head(admit);
  if (!head.ok) return refuseText(request, head.error);
  return respondWith(request, {
    body: encodeUtf8(head.value.checkpoint),
    contentType: "text/plain; charset=utf-8",
    cacheControl: CACHE_CONTROL.head,
  });
}

/** A tile or a bundle, full or partial; the path is read from `tile/` on, whatever stands before it. */
export async function tile(
  request: Request,
  { publicUrl }: Config,
  { log }: LogSite,
  tiles: TilesStub,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = parseLogTile(log, pathname.slice(pathname.indexOf("/tile/") + 1));
  if (!path.ok) return refuseText(request, path.error);
  const url = `${publicUrl.href}/${formatTilePath(path.value)}`;
  const canonical = new Request(url, { method: request.method, headers: passedOn(request) });
  return tiles({ props: { log: log.name } }).fetch(canonical);
}

/** What the answer depends on beside the log and the path, and the name of the request. */
const PASSED_ON = ["range", "if-range", "if-none-match", REQUEST_ID_HEADER] as const;

function passedOn(request: Request): Headers {
  // One of two, as the cache keeps a form for each spelling of this header; the parts of a body are of its plain form.
  const isGzipWanted = acceptsGzip(acceptEncodingOf(request)) && !request.headers.has("range");
  const headers = new Headers({
    "accept-encoding": isGzipWanted ? "gzip" : "identity",
    [SENDER_HEADER]: senderOf(request),
  });
  for (const name of PASSED_ON) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
