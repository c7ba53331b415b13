// SPDX-License-Identifier: Apache-2.0
// GET /search: what the box finds.

import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import { CACHE_CONTROL } from "../../../shared/http/cache.ts";
import type { Result } from "../../../shared/result.ts";
import type { SearchError } from "../../../shared/rpc/log-reads.ts";
import type { SearchAnswer } from "../../../shared/search/answer.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Config } from "../env.ts";
import { type Meaning, readQuestion, type Search } from "../facts/question.ts";
import { entryHref } from "../pages/entry-parts.ts";
import { questionPage, resultsPage } from "../pages/results.ts";
import { readSite, respond } from "../respond.ts";
import { respondToProblem } from "./problem.ts";

const PAGE_SIZE = 20;
/** Meanings that are tried: each is a question to the index. */
const MAX_MEANINGS = 4;

/** Shows one page of entries, or the entry that the question names. */
export async function serveSearch(request: Request, config: Config): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const question = readQuestion(searchParams);
  switch (question.kind) {
    case "entry": {
      const headers = { location: entryHref(question.log, question.index), "cache-control": CACHE_CONTROL.none };
      return new Response(null, { status: 302, headers });
    }
    case "nothing":
      return respond(request, questionPage(), await readSite(config));
    case "unfindable":
      return respondToProblem(request, {
        status: 400,
        title: "No entry is found by this",
        lead: `This looks like ${question.what}. ${question.advice}`,
        text: question.text,
      });
    case "search":
      return await answerSearch(request, config, { question, ...readPlace(searchParams) });
    default:
      return unreachable(question);
  }
}

/** The page of the answer. */
interface Place {
  readonly cursor: string | null;
  /** How many entries the pages before it showed; null if its address does not say. */
  readonly seen: number | null;
}

/** The links of the pages count what they lead past. Whoever changes the count in an address deceives themselves. */
function readPlace(parameters: URLSearchParams): Place {
  const cursor = parameters.get("cursor");
  return { cursor, seen: cursor === null ? 0 : parseDecimal(parameters.get("seen") ?? "") };
}

interface Asked extends Place {
  readonly question: Search;
}

async function answerSearch(request: Request, config: Config, { question, cursor, seen }: Asked): Promise<Response> {
  const [found, site] = await Promise.all([findMeaning(config, question, cursor), readSite(config)]);
  const { meaning, answer } = found;
  if (answer.ok) {
    return respond(
      request,
      resultsPage({ question, meaning, answer: answer.value, site, isFirst: cursor === null, seen }),
      site,
    );
  }
  return respondToFailure(request, found, question.text);
}

/** Answers with the page of why there is no answer. @param text what is in the box */
export function respondToFailure(request: Request, { answer, meaning }: Found, text: string): Response {
  if (answer.ok) throw new TypeError("an answer is no failure");
  const { status, message } = answer.error;
  return status < 500
    ? respondToProblem(request, {
        status: 400,
        title: "This cannot be looked up",
        lead: `Read as ${meaning.what}: ${message}.`,
        text,
      })
    : respondToProblem(request, {
        status: 503,
        title: "The search index does not answer",
        lead: "The logs are untouched, and signing goes on. Load the page again in a minute.",
        text,
      });
}

/** A meaning, and the answer to it. */
export interface Found {
  readonly meaning: Meaning;
  readonly answer: Result<SearchAnswer, SearchError>;
}

/** The likeliest meaning under which there are entries, or the likeliest of all. */
export async function findMeaning({ log }: Config, { meanings }: Search, cursor: string | null): Promise<Found> {
  const find = async (meaning: Meaning): Promise<Found> => {
    const paging = { limit: String(PAGE_SIZE), ...(cursor === null ? {} : { cursor }) };
    const query = new URLSearchParams({ ...meaning.query, ...paging }).toString();
    return { meaning, answer: await log.search(query) };
  };
  const [likeliest, ...others] = meanings;
  const first = await find(likeliest);
  if (cursor !== null || !first.answer.ok || hasHits(first)) return first;
  const more = await Promise.all(others.slice(0, MAX_MEANINGS - 1).map(find));
  return more.find(hasHits) ?? first;
}

const hasHits = ({ answer }: Found): boolean =>
  answer.ok && (answer.value.hits.length > 0 || answer.value.nextCursor !== null);
