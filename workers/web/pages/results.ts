// SPDX-License-Identifier: Apache-2.0
// The page of results: what was looked for and how it was read, what was found, and what the answer is worth.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { FORMAT_TYPES, render } from "../../../shared/pages/search-formats.ts";
import type { SearchAnswer } from "../../../shared/search/answer.ts";
import { explainNothing } from "../facts/impossible.ts";
import type { Meaning, Search } from "../facts/question.ts";
import { code, field, NONE, steps, withCopy } from "../parts/parts.ts";
import { capitalize, formatCount, formatNumber, timeTag } from "../parts/words.ts";
import type { Answer } from "../respond.ts";
import { activeFilters, filterForm, searchHref } from "./filters.ts";
import { hitTable } from "./hits.ts";
import { signersSection } from "./signers.ts";
import { largeBox, nameLog, type Site } from "./site.ts";

/** Everything the page shows. */
export interface ResultsFacts {
  readonly question: Search;
  /** The meaning that was searched for. */
  readonly meaning: Meaning;
  readonly answer: SearchAnswer;
  readonly site: Site;
  /** Whether this is the first page. */
  readonly isFirst: boolean;
  /** How many entries the pages before it showed; null if it is not known. */
  readonly seen: number | null;
}

/** One page of hits, or the page of none. */
export function resultsPage(facts: ResultsFacts): Answer {
  const { question, meaning, answer, isFirst, site } = facts;
  const { hits, nextCursor } = answer;
  const isNone = hits.length === 0 && nextCursor === null && isFirst;
  const title = isNone ? `No entry for ${shorten(question.text)}` : titleOf(facts);
  const address = { origin: site.href, query: new URLSearchParams(meaning.query) };
  return {
    json: answer,
    forms: {
      [FORMAT_TYPES.csv]: () => render("csv", answer, address),
      [FORMAT_TYPES.atom]: () => render("atom", answer, address),
    },
    page: {
      status: 200,
      title,
      description: isNone ? `No entry among ${formatNumber(countSearched(answer))}.` : `${title}, newest first.`,
      canonical: isFirst ? searchHref(meaning.query) : null,
      box: { text: question.text },
      links: html`<link rel="alternate" type="application/atom+xml" href="${apiHref(meaning)}&amp;format=atom">`,
      body: isNone ? nonePage(facts) : hitsPage(facts, title),
    },
  };
}

/** The page of the box without a text. */
export const questionPage = (): Answer => ({
  json: { hits: [], nextCursor: null },
  page: {
    status: 200,
    title: "Look up a signature",
    description: "Find out who signed a file, and when.",
    canonical: "/search",
    box: "large",
    body: html`<h1>Look up a signature</h1>
${largeBox()}`,
  },
});

const MAX_TITLE_CHARS = 40;
function shorten(text: string): string {
  if (text === "") return "this filter";
  return text.length > MAX_TITLE_CHARS ? `${text.slice(0, MAX_TITLE_CHARS - 1)}…` : text;
}

/** How many entries there are, up to this page. */
function titleOf({ question, answer: { hits, nextCursor }, seen }: ResultsFacts): string {
  const what = `for ${shorten(question.text)}`;
  if (seen === null) return `Entries ${what}`;
  const count = formatCount(seen + hits.length, "entry", "entries");
  return nextCursor === null ? `${count} ${what}` : `More than ${count} ${what}`;
}

/** `Entries 41 to 60, newest first` */
function describePage({ answer: { hits }, seen }: ResultsFacts): string {
  if (seen === null || hits.length === 0) return `${formatCount(hits.length, "entry", "entries")} on this page`;
  return `Entries ${formatNumber(seen + 1)} to ${formatNumber(seen + hits.length)}, newest first`;
}

const apiHref = ({ query }: Meaning): string => `/api${searchHref(query)}`;

const crumbs = (here: string): Markup =>
  html`<nav class="crumbs" aria-label="Where you are"><ol><li><a href="/">Look up</a></li> <li><span aria-current="page">${here}</span></li></ol></nav>`;

function hitsPage(facts: ResultsFacts, title: string): Markup {
  const { question, meaning, answer, site, isFirst, seen } = facts;
  const { hits, nextCursor } = answer;
  const place = seen === null ? {} : { seen: String(seen + hits.length) };
  const newest = isFirst ? NONE : html`<a class="btn" href="${searchHref(meaning.query)}">Newest</a>`;
  const older =
    nextCursor === null
      ? NONE
      : html` <a class="btn" href="${searchHref(meaning.query, { cursor: nextCursor, ...place })}" rel="next">Older</a>`;
  return html`${crumbs("Results")}
<h1>${title}</h1>
<p class="q">Read as <b>${meaning.what}</b>.${otherMeanings(question, meaning)}</p>
<div class="row ends">${activeFilters(meaning.query)}<p class="row"><a href="${apiHref(meaning)}">JSON</a> <a href="${apiHref(meaning)}&amp;format=csv">CSV</a> <a href="${apiHref(meaning)}&amp;format=atom">Atom feed</a> <a href="/watch">Watch</a></p></div>
${filterForm(meaning.query, site)}
${hits.length === 0 ? html`<p>Nothing on this page.</p>` : hitTable("Entries, newest first", hits)}
<nav class="row ends" aria-label="Pages"><span class="q num">${describePage(facts)}</span><span class="row">${newest}${older}</span></nav>
<p class="sm q">${describeWorth(answer.completeThroughByLog, site)}</p>
${isWhoAsked(meaning.query) ? NONE : signersSection(hits)}
${keep(meaning, site)}`;
}

/** A list of one identity's entries says who. */
const isWhoAsked = (query: Meaning["query"]): boolean => "identity" in query || "email" in query;

/** Links to files of the same search. */
const fileHref = (path: string, { query }: Meaning): string => `${path}${searchHref(query).slice("/search".length)}`;

/** Ways to keep an answer, and to show it elsewhere. */
function keep(meaning: Meaning, { href }: Site): Markup {
  const markdown = `[![signatures](${href}${fileHref("/badge.svg", meaning)})](${href}${searchHref(meaning.query)})`;
  return html`<details><summary>Keep this answer, or show it on another site</summary>
<div class="flow">
<p><a href="${fileHref("/search/evidence", meaning)}" download>Download the answer</a> with the signed heads of the logs.</p>
<p>A picture for a README, which says how many entries there are and when the newest was made; it verifies nothing:</p>
${code(markdown, "markdown")}
</div></details>`;
}

const countSearched = ({ completeThroughByLog }: SearchAnswer): number =>
  Object.values(completeThroughByLog).reduce((sum, size) => sum + size, 0);

/** Describes how far each log is in the index, and so how complete the answer is. */
export function describeWorth(completeThroughByLog: SearchAnswer["completeThroughByLog"], site: Site): Markup {
  const parts = site.heads.flatMap(({ head, ...log }) => {
    const size = completeThroughByLog[log.name];
    if (size === undefined) return [];
    const name = nameLog(log).replace(/^\w/, (letter) => letter.toLowerCase());
    if (head !== null && size >= head.treeSize)
      return [
        html` The ${name} is searched through its head of ${timeTag(head.timestamp, "clock")}, ${formatCount(head.treeSize, "entry", "entries")}.`,
      ];
    return [
      html` The ${name} is searched through ${formatCount(size, "entry", "entries")}; later ones follow within seconds.`,
    ];
  });
  return html`${parts}`;
}

/** Lists the other meanings of the text, each with its search. */
function otherMeanings({ meanings }: Search, meaning: Meaning): Markup {
  const others = meanings.filter((one) => one !== meaning);
  if (others.length === 0) return NONE;
  const links = others.map((one, i) => html`${i === 0 ? "" : ", "}<a href="${searchHref(one.query)}">${one.what}</a>`);
  return html` It may also be ${links}.`;
}

function nonePage({ question, meaning, answer, site }: ResultsFacts): Markup {
  return html`${crumbs("No result")}
<h1>No entry for this</h1>
<p class="lead">There is none among ${formatCount(countSearched(answer), "entry", "entries")}.${describeWorth(answer.completeThroughByLog, site)}</p>
${activeFilters(meaning.query)}
<dl class="kv">
${field("You looked for", withCopy(question.text, "text"))}${field("Read as", html`${capitalize(meaning.what)}.${otherMeanings(question, meaning)}`)}${explainNothing(meaning.query).map((why) => field("Why", html`${why}`))}${field("Keep", html`<a href="${fileHref("/search/evidence", meaning)}" download>Download this answer</a> with the signed heads of the logs. It is this site’s word: whoever reads the log up to those heads can check it.`)}${field("Source", html`The answer comes from this site’s index. To search without it, <a href="/logs#audit">read the log itself</a>.`)}
</dl>
${filterForm(meaning.query, site)}
<section>
<h2>What you can try</h2>
${steps([
  {
    title: "Look up the SHA-256 of the file",
    what: html`Nearly all signatures are over SHA-256: <code>sha256sum FILE</code> prints it. A rebuilt or repacked file has another digest.`,
  },
  { title: "Look up the signer", what: html`Enter the whole e-mail address, or the whole address of the workflow.` },
  {
    title: "Ask another log",
    what: html`The file may be signed with another Sigstore service. Its maker’s instructions say which.`,
  },
])}
</section>`;
}
