// SPDX-License-Identifier: Apache-2.0
// Files of a search that people keep: the answer with the heads that it is about, and a badge of it.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import { formatRfc3339, unixMs } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import { readQuestion } from "../facts/question.ts";
import { renderBadge } from "../pages/badge.ts";
import { formatCount } from "../parts/words.ts";
import { readSite } from "../respond.ts";
import { respondToProblem } from "./problem.ts";
import { type Found, findMeaning, respondToFailure } from "./search.ts";

/** Answers what the search of the address finds; the response if there is no answer. */
async function findAnswer(request: Request, config: Config): Promise<Found | Response> {
  const question = readQuestion(new URL(request.url).searchParams);
  if (question.kind !== "search")
    return respondToProblem(request, {
      status: 400,
      title: "This is no search",
      lead: "The address needs what a search needs, such as ?digest= or ?repository=: take it from a page of results.",
    });
  return await findMeaning(config, question, null);
}

/**
 * The answer of a search as a file: what was asked, what was found, and the signed heads of the logs. It is this site's
 * word with the signed heads beside it; whoever reads the log up to such a head can show that the word was wrong.
 */
export async function serveEvidence(request: Request, config: Config): Promise<Response> {
  const [found, site] = await Promise.all([findAnswer(request, config), readSite(config)]);
  if (found instanceof Response) return found;
  const { answer, meaning } = found;
  if (!answer.ok) return respondToFailure(request, found, "");
  const { hits, nextCursor, completeThroughByLog } = answer.value;
  const logs = site.heads.map(({ name, origin, url, head }) => ({
    name,
    origin,
    url,
    searchedThrough: completeThroughByLog[name] ?? 0,
    checkpoint: head?.checkpoint ?? null,
  }));
  const among = logs
    .map((log) => `${formatCount(log.searchedThrough, "entry", "entries")} of ${log.origin}`)
    .join(" and ");
  const count = `${nextCursor === null ? "" : "more than "}${formatCount(hits.length, "entry", "entries")}`;
  const evidence = {
    statement: `${site.host} found ${hits.length === 0 && nextCursor === null ? "no entry" : count} for ${meaning.what} among the first ${among}.`,
    made: formatRfc3339(unixMs(Date.now())),
    query: meaning.query,
    entries: hits.map(({ log, index }) => ({ log, index })),
    hasMore: nextCursor !== null,
    logs,
  };
  const headers = {
    "content-type": "application/json",
    "content-disposition": 'attachment; filename="search.json"',
    "cache-control": CACHE_CONTROL.none,
    "x-content-type-options": "nosniff",
  };
  return new Response(`${JSON.stringify(evidence, null, 2)}\n`, { headers });
}

/** A badge may be as old as this. */
const BADGE_SECONDS = 300;

/** The badge of a search, for an <img> of any site. */
export async function serveBadge(request: Request, config: Config): Promise<Response> {
  const found = await findAnswer(request, config);
  if (found instanceof Response) return found;
  const { answer } = found;
  if (!answer.ok) return respondToFailure(request, found, "");
  const response = respondWith(request, {
    body: encodeUtf8(renderBadge(config.publicUrl.host, answer.value)),
    contentType: "image/svg+xml",
    cacheControl: `public, max-age=${BADGE_SECONDS}`,
  });
  const headers = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
  };
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
