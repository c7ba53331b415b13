// SPDX-License-Identifier: Apache-2.0
// GET /tuf/*: the files of the repository's Durable Object, cached for seconds so that a crowd of readers does not
// reach it. The timestamp is never cached: a client that asks two isolates must not meet a version that goes back.
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#consistent-snapshots

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import { withDeadline } from "../../../shared/http/deadline.ts";
import { findPaths } from "../../../shared/http/route.ts";
import type { TufServing, TufView } from "../../../shared/rpc/tuf-repository.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import { ROUTES } from "../declaration.ts";
import type { Config } from "../env.ts";
import { renderError } from "../status.ts";
import { DEADLINE_MS } from "./deadline.ts";

const TUF_PREFIX = findPaths(ROUTES, "tuf")[0].slice(0, -"*".length);
/**
 * How long an isolate may not know of a new root. So this also bounds how long after a change of the online key a
 * client can get the former root from one isolate and a new timestamp from another.
 */
const KEEP_MS = 5_000;
const TIMESTAMP = "timestamp.json";
/** The documents that a timestamp leads to. An isolate that lacks one has an older view than that timestamp. */
const BELOW_TIMESTAMP = /^(?:\d+\.(?:snapshot|targets)\.json|targets\/[0-9a-f]{64}\..+)$/;
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
  return readTufAnew(config, now);
}

interface Reading {
  readonly running: Promise<TufView>;
  /** Begins when `running` ends; for everybody who came while it ran. */
  next: Promise<TufView> | null;
}

const readings = new WeakMap<Config, Reading>();

/**
 * Returns what the repository serves now: the call to it begins after this one. Readers who come while a call runs
 * share the next one, so that an isolate has one call at a time, however many readers there are.
 */
function readTufAnew(config: Config, now: number): Promise<TufView> {
  const reading = readings.get(config);
  if (reading !== undefined) return (reading.next ??= reading.running.then(readAnew, readAnew));
  const running = withDeadline(DEADLINE_MS, config.serveTuf(), "the TUF repository did not answer").finally(() =>
    readings.delete(config),
  );
  readings.set(config, { running, next: null });
  return running.then((view) => {
    kept.set(config, { view, until: now + KEEP_MS });
    return view;
  });

  function readAnew(): Promise<TufView> {
    return readTufAnew(config, now);
  }
}

/** Answers a read below TUF_PREFIX. */
export async function serveTufDocument(request: Request, config: Config): Promise<Response> {
  const view = await readView(config, nameOf(request));
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

const nameOf = (request: Request): string => new URL(request.url).pathname.slice(TUF_PREFIX.length);

async function readView(config: Config, name: string): Promise<TufView> {
  const now = Date.now();
  if (name === TIMESTAMP) return readTufAnew(config, now);
  const view = await readTuf(config, now);
  const isBehind = view.kind === "serving" && !Object.hasOwn(view.documents, name) && BELOW_TIMESTAMP.test(name);
  return isBehind ? readTufAnew(config, now) : view;
}

function serve(request: Request, { documents, rootVersion }: TufServing): Response {
  const name = nameOf(request);
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
  if (path === TIMESTAMP) return CACHE_CONTROL.none;
  return path === "root.json" ? NEWEST_ROOT_CACHE_CONTROL : CACHE_CONTROL.immutable;
}
