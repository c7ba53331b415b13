// SPDX-License-Identifier: Apache-2.0
// The read path of both logs: checkpoint, tiles, bundles. What is asked for by a path that no log has is 404 in plain text.
// Spec: https://c2sp.org/tlog-tiles; https://c2sp.org/static-ct-api#monitoring-apis

import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../shared/http/cache.ts";
import { parseTilePath, TILE_WIDTH } from "../../shared/tlog/tile.ts";
import { type Config, type LogName, readerOf } from "./env.ts";
import { readTile } from "./log-reader.ts";
import { refuseText } from "./status.ts";

type Handler = (request: Request, config: Config) => Promise<Response>;

/** The newest signed tree head, at most a second old. */
export const checkpoint =
  (log: LogName): Handler =>
  async (request, config) => {
    const { tail, admit } = readerOf(config, log, request);
    const head = await tail.head(admit);
    if (!head.ok) return refuseText(request, head.error);
    return respondWith(request, {
      body: encodeUtf8(head.value.checkpoint),
      contentType: "text/plain; charset=utf-8",
      cacheControl: CACHE_CONTROL.head,
    });
  };

/** A tile or a bundle, full or partial; the path is read from `tile/` on, whatever stands before it. */
export const tile =
  (log: LogName): Handler =>
  async (request, config) => {
    const { pathname } = new URL(request.url);
    const path = parseTilePath(pathname.slice(pathname.indexOf("/tile/") + 1));
    if (!path.ok) return refuseText(request, path.error);
    const reader = readerOf(config, log, request);
    const { level, width } = path.value;
    if (typeof level === "string" && level !== BUNDLES[reader.log.kind]) {
      return refuseText(request, { code: "tile_path_invalid" });
    }
    const bytes = await readTile(reader, path.value);
    if (!bytes.ok) return refuseText(request, bytes.error);
    return respondWith(request, {
      body: bytes.value,
      contentType: "application/octet-stream",
      cacheControl: width === TILE_WIDTH ? CACHE_CONTROL.immutable : CACHE_CONTROL.partial,
    });
  };

/** What each kind of log calls its bundles. */
const BUNDLES = { signature: "entries", certificate: "data" } as const;
