// SPDX-License-Identifier: Apache-2.0
// GET /api/search: finds entries by artifact digest, signer, issuer or public key, newest first.

import { CACHE_CONTROL, PUBLIC_READ } from "../../../shared/http/cache.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import type { SearchAnswer, SearchHit } from "../../../shared/search/answer.ts";
import { formatRfc3339 } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import type { LogSite } from "../sites.ts";
import { renderJsonError } from "../status.ts";
import { type Hit, type IndexedLog, type SearchPage, searchPage } from "./search-index.ts";
import { formatCursor, parseSearchQuery, type SearchQuery } from "./search-query.ts";

/**
 * Answers with one page of hits, and with the size up to which each log is indexed: newer entries are not found yet.
 */
export async function search(request: Request, { index, sites }: Config): Promise<Response> {
  const all = sites.map(({ log }) => log.name);
  const query = parseSearchQuery(new URL(request.url).searchParams, all);
  if (!query.ok) return renderJsonError(request, query.error);
  const page = await searchPage(index, query.value, await listIndexedLogs(sites));
  if (!page.ok) return renderJsonError(request, page.error);
  const headers = { ...PUBLIC_READ, "cache-control": CACHE_CONTROL.none };
  return Response.json(toAnswer(query.value, page.value, sites), { headers });
}

/** The logs as the index knows them, oldest first. */
export const listIndexedLogs = (sites: readonly LogSite[]): Promise<readonly IndexedLog[]> =>
  Promise.all(sites.map(toIndexed));

const toIndexed = async ({ log, creation }: LogSite): Promise<IndexedLog> => ({
  name: log.name,
  creation: await creation(),
});

function toAnswer(
  query: SearchQuery,
  { hits, next, completeThrough }: SearchPage,
  sites: readonly LogSite[],
): SearchAnswer {
  const all = sites.map(({ log }) => log.name);
  return {
    hits: hits.map((hit) => toHit(hit, sites)),
    // For the first signature log, which every deployment has.
    completeThrough: completeThrough.get("signature") ?? 0,
    completeThroughByLog: Object.fromEntries(completeThrough),
    nextCursor: next === null ? null : formatCursor(query, next, all),
  };
}

const [SIGNATURE, CERTIFICATE] = ["signature", "certificate"] as const;

function toHit({ leafIndex, log, timestamp, identity, issuer, digest }: Hit, sites: readonly LogSite[]): SearchHit {
  const isRekor = sites.some((site) => site.log.name === log && LOG_KINDS[site.log.kind].isRekor);
  const unknown = { repository: null, repositoryId: null, owner: null, ownerId: null, workflow: null, ref: null };
  return {
    index: leafIndex,
    log,
    kind: isRekor ? SIGNATURE : CERTIFICATE,
    time: formatRfc3339(timestamp),
    identity,
    issuer,
    digest,
    ...unknown,
  };
}
