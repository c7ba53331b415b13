// SPDX-License-Identifier: Apache-2.0
// GET /search/meanings: what the box takes a text for. It reads no log and no index.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import { understand } from "../../../shared/search/understand.ts";
import type { Understanding } from "../../../shared/search/understanding.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import { searchHref } from "../pages/filters.ts";

/** Answers with the meanings of `?q=`, the likeliest first. `href` is null where no entry is found by it. */
export function serveMeanings(request: Request): Response {
  const text = (new URL(request.url).searchParams.get("q") ?? "").trim();
  const body = encodeUtf8(JSON.stringify({ meanings: understand(text).map(toJson) }));
  return respondWith(request, { body, contentType: "application/json", cacheControl: CACHE_CONTROL.settings });
}

function toJson(meaning: Understanding): object {
  switch (meaning.kind) {
    case "search":
      return { what: meaning.what, href: searchHref(meaning.terms), advice: null };
    case "entry":
      return { what: meaning.what, href: searchHref({ q: String(meaning.index) }), advice: null };
    case "nothing":
      return { what: meaning.what, href: null, advice: meaning.advice };
    default:
      return unreachable(meaning);
  }
}
