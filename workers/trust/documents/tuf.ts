// SPDX-License-Identifier: Apache-2.0
// Everything below /tuf/: what the repository's Durable Object shows, kept for moments, so that a crowd of readers does not reach it.
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
 * All documents of an answer are of one moment; those of two isolates may be this far apart. So it also bounds for how long a client
 * can meet a root of one isolate and a timestamp of another when the online key has changed.
 */
const KEEP_MS = 5_000;
/** Of the newest root, which has no number in its name. */
const NEWEST_ROOT_CACHE_CONTROL = "public, max-age=60";

interface Kept {
  readonly view: TufView;
  readonly until: number;
}

const kept = new WeakMap<Config, Kept>();

/** What is served; rejects if the repository does not answer. */
export async function readTuf(config: Config, now: number): Promise<TufView> {
  const known = kept.get(config);
  // A clock that was put back must not make it last.
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
  const asked = new URL(request.url).pathname.slice(TUF_PREFIX.length);
  const path = asked === "root.json" ? `${rootVersion}.root.json` : asked;
  const text = Object.hasOwn(documents, path) ? documents[path] : undefined;
  if (text === undefined) return renderError({ code: "tuf_path_unknown" });
  return respondWith(request, {
    body: new Uint8Array(encodeUtf8(text)),
    contentType: path.endsWith(".json") ? "application/json" : "application/x-pem-file",
    cacheControl: cacheControlOf(asked),
  });
}

/** A cached timestamp would be an old one by the time it is read; everything else but root.json is named by version or hash. */
function cacheControlOf(path: string): string {
  if (path === "timestamp.json") return CACHE_CONTROL.none;
  return path === "root.json" ? NEWEST_ROOT_CACHE_CONTROL : CACHE_CONTROL.immutable;
}
