// SPDX-License-Identifier: Apache-2.0
// GET /tuf/*: the files of the repository's Durable Object, cached for seconds so that a crowd of readers does not
// reach it.
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#consistent-snapshots

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import type { TufServing, TufView } from "../../../shared/rpc/tuf-repository.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Config } from "../env.ts";
import { renderError } from "../status.ts";
import { withDeadline } from "./deadline.ts";

const TUF_PREFIX = "/tuf/";
/**
 * The documents of one response are consistent; those of two isolates may be this far apart. So this also bounds how
 * long after a change of the online key a client can get a root from one isolate and a timestamp from another.
 */
const KEEP_MS = 5_000;
/** For root.json, the newest root: its name has no version. */
const NEWEST_ROOT_CACHE_CONTROL = "public, max-age=60";

interface Kept {
  readonly view: TufView;
  readonly until: number;
}

const kept = new WeakMap<Config, Kept>();

/** Returns what the repository serves. Rejects if it does not respond. */
export async function readTuf(config: Config, now: number): Promise<TufView> {
  const known = kept.get(config);
  // A clock that is set back must not extend the cache.
  if (known !== undefined && now < known.until && now >= known.until - KEEP_MS) return known.view;
  const view = await withDeadline(config.serveTuf(), "the TUF repository did not answer");
  kept.set(config, { view, until: now + KEEP_MS });
  return view;
}

/** Answers a read below TUF_PREFIX. */
export async function tufDocument(request: Request, config: Config): Promise<Response> {
  const view = await readTuf(config, Date.now());
  switch (view.kind) {
    case "absent":
      return renderError({ code: "tuf_absent" });
    case "refused":
      return renderError({ code: "tuf_refused", problems: view.problems });
    case "serving":
      return serve(request, view);
    default:
      return unreachable(view);
  }
}

function serve(request: Request, { documents, rootVersion }: TufServing): Response {
  const name = new URL(request.url).pathname.slice(TUF_PREFIX.length);
  const path = name === "root.json" ? `${rootVersion}.root.json` : name;
  const text = Object.hasOwn(documents, path) ? documents[path] : undefined;
  if (text === undefined) return renderError({ code: "tuf_path_unknown" });
  return respondWith(request, {
    body: new Uint8Array(encodeUtf8(text)),
    contentType: path.endsWith(".json") ? "application/json" : "application/x-pem-file",
    cacheControl: cacheControlOf(name),
  });
}

/** A cached timestamp would be out of date; all other names except root.json contain a version or a hash. */
function cacheControlOf(path: string): string {
  if (path === "timestamp.json") return CACHE_CONTROL.none;
  return path === "root.json" ? NEWEST_ROOT_CACHE_CONTROL : CACHE_CONTROL.immutable;
}
