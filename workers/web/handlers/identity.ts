// SPDX-License-Identifier: Apache-2.0
// GET /identity-of/<name>: everything by one identity.

import type { SearchHit } from "../../../shared/search/answer.ts";
import { unixMs } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import { identityPage } from "../pages/identity.ts";
import { readSite, respond } from "../respond.ts";
import { decodePart } from "./path.ts";
import { respondToProblem } from "./problem.ts";

/** Each page of the answer is a question to the index. */
const MAX_PAGES = 3;
const PAGE_SIZE = "64";

/** Counts the newest entries of an identity by month. */
export async function serveIdentity(request: Request, config: Config): Promise<Response> {
  const identity = decodePart(new URL(request.url).pathname.slice("/identity-of/".length));
  const site = await readSite(config);
  const hits: SearchHit[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const paging = { limit: PAGE_SIZE, ...(cursor === null ? {} : { cursor }) };
    const query = new URLSearchParams({ identity: identity ?? "", ...paging }).toString();
    const answer = await config.log.search(query);
    if (!answer.ok) return rejectIdentity(request, answer.error.status);
    const { nextCursor, completeThroughByLog } = answer.value;
    hits.push(...answer.value.hits);
    cursor = nextCursor;
    if (cursor !== null && page + 1 < MAX_PAGES) continue;
    const now = unixMs(Date.now());
    const hasMore = cursor !== null;
    const facts = { identity: identity ?? "", hits, hasMore, completeThroughByLog, site, now };
    return respond(request, identityPage(facts), site);
  }
  throw new RangeError("a page is the last");
}

const rejectIdentity = (request: Request, status: number): Response =>
  status < 500
    ? respondToProblem(request, {
        status: 404,
        title: "This is no name",
        lead: "The address ends in a whole name, as it is in a certificate: /identity-of/alice@example.com.",
      })
    : respondToProblem(request, {
        status: 503,
        title: "The search index does not answer",
        lead: "The logs are untouched, and signing goes on. Load the page again in a minute.",
      });
