// SPDX-License-Identifier: Apache-2.0
// GET /identity-of/<name>: everything by one identity.

import { formatRfc3339, monthStart, unixMs } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import { identityPage } from "../pages/identity.ts";
import { readSite, respond } from "../respond.ts";
import { decodePart } from "./path.ts";
import { respondToProblem } from "./problem.ts";

const LISTED = "10";

/** Counts the entries of an identity by month, and lists the newest. `?before=2026-03` shows what is older. */
export async function serveIdentity(request: Request, config: Config): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const identity = decodePart(pathname.slice("/identity-of/".length)) ?? "";
  const before = parseMonth(searchParams.get("before") ?? "");
  // A search takes whole seconds.
  const until = before === null ? {} : { until: formatRfc3339(unixMs(Math.max(0, monthStart(before) - 1))) };
  const query = new URLSearchParams({ identity, limit: LISTED, ...until }).toString();
  const [counted, found, site] = await Promise.all([
    config.log.countByMonth(identity, before === null ? null : monthStart(before)),
    config.log.search(query),
    readSite(config),
  ]);
  if (!found.ok) return rejectIdentity(request, found.error.status);
  if (!counted.ok) return rejectIdentity(request, counted.error.status);
  const facts = { identity, before, counts: counted.value, answer: found.value, site, now: unixMs(Date.now()) };
  return respond(request, identityPage(facts), site);
}

/** `2026-03` → months since the year 0; null for every other text: the page shows all months then. */
function parseMonth(text: string): number | null {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text) ?? [];
  const parsed = 12 * Number(year) + Number(month) - 1;
  return Number.isNaN(parsed) || parsed < FIRST_MONTH ? null : parsed;
}

/** January 1970, before which there is no time. */
const FIRST_MONTH = 12 * 1970;

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
