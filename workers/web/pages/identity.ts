// SPDX-License-Identifier: Apache-2.0
// The page of one identity: how much it signed, month by month, and its newest entries.

import { html } from "../../../shared/http/markup.ts";
import type { SearchHit } from "../../../shared/search/answer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { nameIssuer } from "../facts/signer.ts";
import { NONE } from "../parts/parts.ts";
import { type Bar, plot } from "../parts/plot.ts";
import { formatCount, formatDay, formatMonth, formatNumber, withBreaks } from "../parts/words.ts";
import type { Answer } from "../respond.ts";
import { hitTable } from "./hits.ts";
import { identityHref } from "./identity-parts.ts";
import { describeWorth } from "./results.ts";
import type { Site } from "./site.ts";

/** Everything the page shows. */
export interface IdentityFacts {
  readonly identity: string;
  /** The newest entries, newest first. */
  readonly hits: readonly SearchHit[];
  /** Whether there are older ones. */
  readonly hasMore: boolean;
  readonly completeThroughByLog: Readonly<Record<string, number>>;
  readonly site: Site;
  readonly now: UnixMs;
}

const LISTED = 10;
/** Fewer bars would be as wide as walls. */
const MIN_MONTHS = 12;
const MAX_MONTHS = 36;

export function identityPage(facts: IdentityFacts): Answer {
  const { identity, hits, hasMore, site, completeThroughByLog } = facts;
  const all = `/search?identity=${encodeURIComponent(identity)}`;
  const bars = monthsOf(facts);
  return {
    json: { identity, entries: hits.length, isComplete: !hasMore, months: bars, newest: hits.slice(0, LISTED) },
    page: {
      status: 200,
      title: identity,
      description: `${summaryOf(facts)}.`,
      canonical: identityHref(identity),
      box: { text: identity },
      body: html`<nav class="crumbs" aria-label="Where you are"><ol><li><a href="/">Look up</a></li> <li><span aria-current="page">Identity</span></li></ol></nav>
<h1 class="name">${withBreaks(identity)}</h1>
<p class="lead">${summaryOf(facts)}.${vouchers(hits)}</p>
${
  bars.length === 0
    ? NONE
    : html`<section><h2>Entries by month</h2>
${plot(hasMore ? `The newest ${formatNumber(hits.length)} entries` : "All entries", bars)}</section>`
}
${
  hits.length === 0
    ? NONE
    : html`<section><h2>Newest entries</h2>
${hitTable("Newest entries", hits.slice(0, LISTED))}
<p><a href="${all}">All entries of this identity</a></p></section>`
}
<p class="sm q">${describeWorth(completeThroughByLog, site)}</p>`,
    },
  };
}

const timeOf = ({ time }: SearchHit): UnixMs => unixMs(Math.max(0, Date.parse(time) || 0));

function summaryOf({ hits, hasMore }: IdentityFacts): string {
  const [newest, oldest] = [hits[0], hits.at(-1)];
  if (newest === undefined || oldest === undefined) return "No entry has this name";
  const count = formatCount(hits.length, "entry", "entries");
  const days = `${formatDay(timeOf(oldest))} to ${formatDay(timeOf(newest))}`;
  return hasMore ? `More than ${count}; the newest of them from ${days}` : `${count}, from ${days}`;
}

/** Names the issuers that vouched for the name: another one than usual is worth a look. */
function vouchers(hits: readonly SearchHit[]): string {
  const names = [...new Set(hits.map(({ issuer }) => nameIssuer(issuer)))];
  return names.length === 0 ? "" : ` Vouched for by ${names.join(", ")}.`;
}

/** One bar for each month since the oldest entry shown, of one year at least and of three at most. */
function monthsOf({ hits, now }: IdentityFacts): readonly Bar[] {
  const oldest = hits.at(-1);
  if (oldest === undefined) return [];
  const [first, last] = [monthOf(timeOf(oldest)), monthOf(now)];
  const months = Array.from(
    { length: Math.min(MAX_MONTHS, Math.max(MIN_MONTHS, last - first + 1)) },
    (_, i) => last - i,
  ).toReversed();
  const counts = Map.groupBy(hits, (hit) => monthOf(timeOf(hit)));
  return months.map((month) => ({ label: formatMonth(month), count: counts.get(month)?.length ?? 0 }));
}

/** Months since the year 0. */
function monthOf(time: UnixMs): number {
  const date = new Date(time);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
}
