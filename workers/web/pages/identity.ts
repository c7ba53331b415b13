// SPDX-License-Identifier: Apache-2.0
// The page of one identity: how much it signed, month by month, and its newest entries.

import { html, type Markup } from "../../../shared/http/markup.ts";
import type { SearchAnswer, SearchHit } from "../../../shared/search/answer.ts";
import type { MonthCounts } from "../../../shared/search/month-counts.ts";
import { formatRfc3339, monthOf, monthStart, type UnixMs, unixMs } from "../../../shared/time.ts";
import { nameIssuer } from "../facts/signer.ts";
import { NONE } from "../parts/parts.ts";
import { type Bar, plot } from "../parts/plot.ts";
import { formatCount, formatMonth, withBreaks } from "../parts/words.ts";
import type { Answer } from "../respond.ts";
import { searchHref } from "./filters.ts";
import { hitTable } from "./hits.ts";
import { identityHref } from "./identity-parts.ts";
import { describeWorth } from "./results.ts";
import type { Site } from "./site.ts";

/** Everything the page shows. */
export interface IdentityFacts {
  readonly identity: string;
  /** Only entries before this month are shown; null for all. */
  readonly before: number | null;
  /** Null if the name has too many signers to count. */
  readonly counts: MonthCounts | null;
  /** The newest of these entries. */
  readonly answer: SearchAnswer;
  readonly site: Site;
  readonly now: UnixMs;
}

/** Fewer bars would be as wide as walls. */
const MIN_MONTHS = 12;
const MAX_MONTHS = 36;

export function identityPage(facts: IdentityFacts): Answer {
  const { identity, before, counts, answer, site } = facts;
  const { hits, nextCursor } = answer;
  const shown = showMonths(facts);
  const months = shown.bars.map(({ month, count }) => ({ month: isoMonth(month), count }));
  const summary = summarize(facts);
  return {
    json: { identity, isCounted: counts !== null, months, earlierBefore: shown.earlier, newest: hits },
    page: {
      status: 200,
      title: identity,
      description: `${summary}.`,
      canonical: before === null ? identityHref(identity) : null,
      box: { text: identity },
      body: html`<nav class="crumbs" aria-label="Where you are"><ol><li><a href="/">Look up</a></li> <li><span aria-current="page">Identity</span></li></ol></nav>
<h1 class="name">${withBreaks(identity)}</h1>
<p class="lead">${summary}.${vouchers(hits)}</p>
${monthsSection(facts, shown)}
${
  hits.length === 0
    ? NONE
    : html`<section><h2>${before === null ? "Newest entries" : `Newest entries before ${formatMonth(before)}`}</h2>
${hitTable("Newest entries", hits)}
<p>${nextCursor === null && before === null ? NONE : html`<a href="${searchHref({ identity })}">All entries of this identity</a>`}</p></section>`
}
<p class="row"><a href="/watch">Watch this identity</a> <a href="/feed/${encodeURIComponent(identity)}">Atom feed</a></p>
<p class="sm q">${describeWorth(answer.completeThroughByLog, site)}</p>
${privacyNote(identity, hits)}`,
    },
  };
}

/** Whoever finds their own address here has a question. */
const privacyNote = (identity: string, hits: readonly SearchHit[]): Markup =>
  hits.length === 0 || !/^[^\s@/]+@[^\s@/]+$/.test(identity)
    ? NONE
    : html`<p class="sm q">This address is public because somebody signed in with it to sign here. A log forgets nothing, so it stays. If that was not you, tell whoever runs your login. <a href="/#privacy">What is public</a>.</p>`;

interface ShownMonths {
  readonly bars: readonly { readonly month: number; readonly count: number }[];
  /** The month before which another page goes on, `2026-03`; null if there is nothing. */
  readonly earlier: string | null;
}

/** One bar for each month since the oldest that was counted: of one year at least, and of three at most. */
function showMonths({ counts, before, now }: IdentityFacts): ShownMonths {
  const oldest = counts?.months[0]?.month;
  if (counts === null || oldest === undefined) return { bars: [], earlier: earlierOf(counts?.earlierBefore ?? null) };
  const last = before === null ? monthOf(now) : before - 1;
  // Months that were not counted have no bar: it would look as if they had no entries.
  const least = counts.earlierBefore === null ? MIN_MONTHS : 0;
  const length = Math.min(MAX_MONTHS, Math.max(least, last - oldest + 1));
  const months = Array.from({ length }, (_, i) => last - length + 1 + i);
  const byMonth = new Map(counts.months.map(({ month, count }) => [month, count]));
  const first = last - length + 1;
  return {
    bars: months.map((month) => ({ month, count: byMonth.get(month) ?? 0 })),
    earlier: earlierOf(oldest < first ? first : counts.earlierBefore),
  };
}

/** `2026-03` */
const isoMonth = (month: number): string => formatRfc3339(monthStart(month)).slice(0, 7);
const earlierOf = (month: number | null): string | null => (month === null ? null : isoMonth(month));

function monthsSection({ identity, before, counts }: IdentityFacts, { bars, earlier }: ShownMonths): Markup {
  const toBar = ({ month, count }: ShownMonths["bars"][number], i: number): Bar => ({
    label: formatMonth(month),
    count,
    isAtLeast: i === 0 && counts?.isOldestPartial === true,
    href: searchHref({ identity, since: `${isoMonth(month)}-01`, until: lastDayOf(month) }),
  });
  const older =
    earlier === null
      ? NONE
      : html`<a class="btn" href="${identityHref(identity)}?before=${earlier}" rel="next">Before ${formatMonth(monthOf(unixMs(Date.parse(`${earlier}-01`))))}</a>`;
  const newest = before === null ? NONE : html`<a class="btn" href="${identityHref(identity)}">Newest</a>`;
  return html`${
    bars.length === 0
      ? NONE
      : html`<section><h2>Entries by month</h2>
${plot("Every entry is counted, signatures and certificates", bars.map(toBar), before === null)}</section>`
  }
${earlier === null && before === null ? NONE : html`<nav class="row" aria-label="Months">${newest} ${older}</nav>`}`;
}

const lastDayOf = (month: number): string => formatRfc3339(unixMs(Math.max(0, monthStart(month + 1) - 1))).slice(0, 10);

/** Says how far back the counts reach, if not over everything. */
function summarize(facts: IdentityFacts): string {
  const { counts, answer, before } = facts;
  if (counts === null) return "So many certificates have this name that their entries are not counted";
  const [oldest] = counts.months;
  const count = counts.months.reduce((sum, one) => sum + one.count, 0);
  if (oldest === undefined) {
    if (counts.earlierBefore !== null)
      return `None since ${formatMonth(counts.earlierBefore)}; earlier ones are not counted here`;
    return answer.hits.length === 0 && before === null ? "No entry has this name" : "No entry is this old";
  }
  const many = formatCount(count, "entry", "entries");
  const time = before === null ? "" : ` before ${formatMonth(before)}`;
  if (counts.isOldestPartial) return `More than ${many}${time}, all in ${formatMonth(oldest.month)}`;
  if (counts.earlierBefore !== null)
    return `${many}${time} since ${formatMonth(counts.earlierBefore)}, and earlier ones`;
  return `${many}${time}, the first in ${formatMonth(oldest.month)}`;
}

/** Names the issuers that vouched for the name: another one than usual is worth a look. */
function vouchers(hits: readonly SearchHit[]): string {
  const names = [...new Set(hits.map(({ issuer }) => nameIssuer(issuer)))];
  return names.length === 0 ? "" : ` Vouched for by ${names.join(", ")}.`;
}
