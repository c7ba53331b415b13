// SPDX-License-Identifier: Apache-2.0
// GET /feed/…: the newest entries of a name or of a search as an Atom feed, for whoever has no account. Spec: RFC 4287

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { respondWith } from "../../../shared/http/cache.ts";
import { renderHttpAnswer } from "../../../shared/http/status.ts";
import { render } from "../../../shared/pages/search-formats.ts";
import type { Config } from "../env.ts";

const PREFIX = "/feed/";
/** `/feed/search?…` takes the parameters of /api/search; everything else is a name. */
const SEARCH = "search";
/** Feed readers ask every few minutes. */
const CACHE_CONTROL = "public, max-age=60";

/** Handles GET /feed/*. */
export async function serveFeed(request: Request, { logs, publicUrl }: Config): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const name = decodeName(pathname.slice(PREFIX.length));
  if (name === null || name === "")
    return reject(404, "a feed is at /feed/<name> or /feed/search?<parameters of /api/search>");
  const query = name === SEARCH ? new URLSearchParams(searchParams) : new URLSearchParams({ identity: name });
  query.delete("format");
  const found = await logs.search(query.toString());
  if (!found.ok) return reject(found.error.status, found.error.message);
  const { body, contentType } = render("atom", found.value, { origin: publicUrl.href, query });
  return respondWith(request, { body: encodeUtf8(body), contentType, cacheControl: CACHE_CONTROL });
}

const reject = (status: number, message: string): Response => renderHttpAnswer({ status, message });

function decodeName(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
