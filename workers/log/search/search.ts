// SPDX-License-Identifier: Apache-2.0
// GET /api/search: finds entries by what they sign and by whom, newest first.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import { chooseFormat, render } from "../../../shared/pages/search-formats.ts";
import { ok, type Result } from "../../../shared/result.ts";
import type { SearchAnswer } from "../../../shared/search/answer.ts";
import { formatRfc3339 } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import type { LogSite } from "../sites.ts";
import { renderJsonError } from "../status.ts";
import type { SearchQuery } from "./conjunction.ts";
import { formatCursor } from "./cursor.ts";
import { parseSearchQuery, type SearchQueryError } from "./query.ts";
import { type Hit, type IndexedLog, type SearchPage, type SearchUnavailable, searchPage } from "./search-index.ts";

/**
 * Answers with one page of hits, and with the size up to which each log is indexed: newer entries are not found yet.
 */
export async function search(request: Request, config: Config): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const format = chooseFormat(searchParams.get("format"), request);
  if (format === null) return renderJsonError(request, { code: "search_query_invalid", parameter: "format" });
  const answer = await findEntries(config, searchParams);
  if (!answer.ok) return renderJsonError(request, answer.error);
  const { body, contentType } = render(format, answer.value, {
    origin: new URL(config.publicUrl.href).origin,
    query: searchParams,
  });
  const form = { body: encodeUtf8(body), contentType, cacheControl: CACHE_CONTROL.revalidate };
  const response = respondWith(request, form);
  response.headers.set("vary", "accept");
  return response;
}

/** Finds what the parameters of a search ask for. Fails with search_query_invalid or search_unavailable. */
export async function findEntries(
  { index, sites }: Pick<Config, "index" | "sites">,
  parameters: URLSearchParams,
): Promise<Result<SearchAnswer, SearchQueryError | SearchUnavailable>> {
  const all = sites.map(({ log }) => log.name);
  const query = parseSearchQuery(parameters, all);
  if (!query.ok) return query;
  const page = await searchPage(index, query.value, await listIndexedLogs(sites));
  return page.ok ? ok(toAnswer(query.value, page.value, all)) : page;
}

/** The logs as the index knows them, oldest first. */
export const listIndexedLogs = (sites: readonly LogSite[]): Promise<readonly IndexedLog[]> =>
  Promise.all(sites.map(toIndexed));

const toIndexed = async ({ log, creation }: LogSite): Promise<IndexedLog> => ({
  name: log.name,
  creation: await creation(),
});

function toAnswer(query: SearchQuery, page: SearchPage, all: readonly string[]): SearchAnswer {
  const { hits, next, completeThrough, newestTimes } = page;
  const times = [...newestTimes].map(([log, time]) => [log, time === null ? null : formatRfc3339(time)] as const);
  return {
    hits: hits.map(toJson),
    // For the first signature log, which every deployment has.
    completeThrough: completeThrough.get("signature") ?? 0,
    completeThroughByLog: Object.fromEntries(completeThrough),
    newestTimeByLog: Object.fromEntries(times),
    nextCursor: next === null ? null : formatCursor(query, next, all),
  };
}

const toJson = ({ leafIndex, timestamp, log, ...rest }: Hit): SearchAnswer["hits"][number] => ({
  index: leafIndex,
  log,
  time: formatRfc3339(timestamp),
  ...rest,
});
