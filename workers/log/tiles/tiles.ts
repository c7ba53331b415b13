// SPDX-License-Identifier: Apache-2.0
// The entrypoint that answers with tiles and bundles behind the platform's cache; only read.ts calls it. The cache key
// is the entrypoint, its props, the path and the headers in Vary, but not the host, so the props name the log and the
// path is that of the tile alone. All other entrypoints have the cache off (wrangler.toml).
// Spec: https://developers.cloudflare.com/workers/cache/cache-keys/; https://c2sp.org/tlog-tiles

import { WorkerEntrypoint } from "cloudflare:workers";
import { CACHE_CONTROL, respondCompressed, respondWith } from "../../../shared/http/cache.ts";
import { createService } from "../../../shared/http/service.ts";
import type { LogConfig } from "../../../shared/logs/config.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { err, type Result } from "../../../shared/result.ts";
import { parseTilePath, TILE_WIDTH, type Tile, type TilePathError } from "../../../shared/tlog/tile.ts";
import { type Config, type LogEnv, readConfig } from "../env.ts";
import { readerOf } from "../reading/limited-reader.ts";
import { readTile } from "../reading/log-reader.ts";
import { siteByName } from "../sites.ts";
import { renderTextError } from "../status.ts";

/** Everything beside the path that determines the answer. */
export interface TilesProps {
  /** LogConfig.name: no two logs share it. */
  readonly log: string;
}

/** The entrypoint as read.ts calls it. */
export type TilesStub = (options: { readonly props: TilesProps }) => Pick<Fetcher, "fetch">;

/** The part of the execution context that holds the entrypoint. */
export interface TilesContext {
  readonly exports: { readonly Tiles: TilesStub };
}

/** The client's network as read.ts knows it: the platform may change cf-connecting-ip between entrypoints. */
export const SENDER_HEADER = "x-sigedge-sender";

/** Parses `tile/…` as a path of this log. Fails with tile_path_invalid. */
export function parseLogTile({ kind }: LogConfig, path: string): Result<Tile, TilePathError> {
  const tile = parseTilePath(path);
  const isForeign = tile.ok && typeof tile.value.level === "string" && tile.value.level !== LOG_KINDS[kind].bundleLevel;
  return isForeign ? err({ code: "tile_path_invalid" }) : tile;
}

async function serveTiles(request: Request, config: Config, props: TilesProps): Promise<Response> {
  const site = siteByName(config, props.log);
  if (site === null) return renderTextError(request, { code: "path_unknown" });
  const reader = readerOf(config, site, request.headers.get(SENDER_HEADER) || null);
  const tile = parseLogTile(reader.log, new URL(request.url).pathname.slice(1));
  if (!tile.ok) return renderTextError(request, tile.error);
  const bytes = await readTile(reader, tile.value);
  if (!bytes.ok) return renderTextError(request, bytes.error);
  const { level, width } = tile.value;
  const representation = {
    body: bytes.value,
    contentType: "application/octet-stream",
    cacheControl: width === TILE_WIDTH ? CACHE_CONTROL.immutable : CACHE_CONTROL.partial,
  };
  // Hashes do not compress.
  return typeof level === "number" ? respondWith(request, representation) : respondCompressed(request, representation);
}

const service = createService<LogEnv, Config, [TilesProps]>({
  readConfig,
  route: serveTiles,
  failed: (requestId, request) => renderTextError(request, { code: "service_failed", requestId }),
});

/** The cached entrypoint. */
export class Tiles extends WorkerEntrypoint<LogEnv, TilesProps> {
  override fetch(request: Request): Promise<Response> {
    return service.fetch(request, this.env, this.ctx.props);
  }
}
