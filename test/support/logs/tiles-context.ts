// SPDX-License-Identifier: Apache-2.0
// The execution context of the log service, with its own entrypoint behind Workers Cache as the platform documents
// it: the key is entrypoint, props, path and query, then the headers that Vary names; a 200 is stored if it allows
// that; HEAD becomes GET; and a Range never reaches the Worker. The clock does not move, so nothing expires.
// Spec: https://developers.cloudflare.com/workers/cache/cache-keys/,
// https://developers.cloudflare.com/workers/cache/configuration/

import type { LogEnv } from "../../../workers/log/env.ts";
import { Tiles, type TilesContext, type TilesProps, type TilesStub } from "../../../workers/log/tiles/tiles.ts";

interface TilesCall {
  readonly key: string;
  readonly request: Request;
  readonly isHit: boolean;
}

/** A context that records the requests to its cache. */
export interface CachingContext extends TilesContext {
  /** Every request that reached the cache. */
  readonly calls: readonly TilesCall[];
}

interface Kept {
  readonly varied: readonly (readonly [name: string, value: string | null])[];
  readonly response: Response;
}

/** @param isCaching false to run the entrypoint every time, like a local workerd. */
export function tilesContext(env: LogEnv, isCaching = true): CachingContext {
  const calls: TilesCall[] = [];
  const store = new Map<string, Kept[]>();
  const fetchThrough = async (props: TilesProps, request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const key = JSON.stringify(["Tiles", props, pathname + search]);
    const kept = store
      .get(key)
      ?.find(({ varied }) => varied.every(([name, value]) => request.headers.get(name) === value));
    calls.push({ key, request, isHit: kept !== undefined });
    if (kept !== undefined) return freezeHeaders(kept.response.clone());
    const headers = new Headers(request.headers);
    if (isCaching) for (const name of ["range", "if-range", "if-none-match"]) headers.delete(name);
    const method = isCaching ? "GET" : request.method;
    const response = await new Tiles({ props } as never, env).fetch(new Request(request.url, { method, headers }));
    const maxAge = /\bmax-age=(\d+)/.exec(response.headers.get("cache-control") ?? "no-store")?.[1];
    if (isCaching && response.status === 200 && Number(maxAge) > 0) {
      const names = (response.headers.get("vary") ?? "").split(",").filter((name) => name !== "");
      const varied = names.map((name) => [name, request.headers.get(name)] as const);
      store.set(key, [...(store.get(key) ?? []), { varied, response: response.clone() }]);
    }
    return freezeHeaders(response);
  };
  const stub = ({ props }: { readonly props: TilesProps }): ReturnType<TilesStub> => ({
    fetch: (request: Request) => fetchThrough(props, request),
  });
  return { calls, exports: { Tiles: stub } };
}

/** Makes the headers of a response immutable, like those of a response from a binding. */
function freezeHeaders(response: Response): Response {
  const fail = (): never => {
    throw new TypeError("Can't modify immutable headers.");
  };
  Object.assign(response.headers, { set: fail, append: fail, delete: fail });
  return response;
}
