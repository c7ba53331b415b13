// SPDX-License-Identifier: Apache-2.0
// How a search is narrowed: its terms and filters as links that remove them, and a form that adds some. Without a
// script; every state is an address.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { icon } from "../../../shared/pages/icons.ts";
import { ENTRY_KINDS } from "../../../shared/search/parameters.ts";
import { ALL_TAGS, isFilter, type Meaning, TERM_WORDS, TERMS } from "../facts/question.ts";
import { NONE } from "../parts/parts.ts";
import { capitalize } from "../parts/words.ts";
import { nameLog, type Site } from "./site.ts";

type Query = Meaning["query"];

/** The address of a page of the answer. @param place the cursor of a later page, and how many entries are before it */
export function searchHref(query: Query, place: { readonly cursor?: string; readonly seen?: string } = {}): string {
  const parameters = new URLSearchParams({ ...query, ...place }).toString();
  return parameters === "" ? "/search" : `/search?${parameters}`;
}

/** A filter is called by its own name. */
const LABELS: ReadonlyMap<string, string> = new Map(Object.entries(TERM_WORDS));

const labelOf = (name: string): string => capitalize((LABELS.get(name) ?? name).replace(/^(?:an?|the) /, ""));

const MAX_TAG_CHARS = 60;
/** Keeps the end, by which people tell digests apart. */
const shorten = (text: string): string =>
  text.length > MAX_TAG_CHARS ? `${text.slice(0, MAX_TAG_CHARS - 9)}…${text.slice(-8)}` : text;

const isAllTags = (name: string, value: string): boolean => name === "ref" && value === ALL_TAGS;

/** Shows the parts of a query, each with a way to remove it; empty for a query of one part. */
export function activeFilters(query: Query): Markup {
  const parts = Object.entries(query);
  const isNarrowed = parts.length > 1 || parts.some(([name, value]) => isFilter(name, value));
  if (!isNarrowed) return NONE;
  const links = parts.map(([name, value]) => {
    const { [name]: _removed, ...rest } = query;
    const shown = isAllTags(name, value) ? "Tagged releases only" : shorten(`${labelOf(name)}: ${value}`);
    return html`<li><a href="${searchHref(rest)}" aria-label="Remove ${shown}">${shown} ${icon("x")}</a></li> `;
  });
  return html`<ul class="row tags" aria-label="What the list is narrowed to">${links}</ul>`;
}

const KIND_WORDS = { signature: "Signatures", attestation: "Attestations", certificate: "Certificates" } as const;

/** The form that narrows the list. */
export function filterForm(query: Query, site: Site): Markup {
  const terms = TERMS.flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [html`<input type="hidden" name="${name}" value="${value}">`];
  });
  const kinds = ENTRY_KINDS.map((kind) => ({ value: kind, text: KIND_WORDS[kind] }));
  const logs = site.heads.map((log) => ({ value: log.name, text: nameLog(log) }));
  return html`<details class="narrow"><summary>Narrow the list</summary>
<form class="grid" action="/search">${terms}
<div><label>And also <input name="and" autocomplete="off" spellcheck="false" maxlength="2048" placeholder="Repository, e-mail, commit"></label></div>
${buildFilters(query)}
${select("Kind", "kind", { query, any: "All", options: kinds })}
${select("Log", "log", { query, any: "All logs", options: logs })}
<div><label>From ${dateInput("since", query)}</label></div>
<div><label>Until ${dateInput("until", query)}</label></div>
<p class="row"><button>Apply</button> <a href="${searchHref(withoutFilters(query))}">Clear filters</a></p>
</form>
</details>`;
}

const RUNNERS = [
  { value: "github-hosted", text: "GitHub’s machines" },
  { value: "gitlab-hosted", text: "GitLab’s machines" },
  { value: "self-hosted", text: "The project’s own machines" },
] as const;
const VISIBILITIES = [
  { value: "public", text: "Public" },
  { value: "internal", text: "Internal" },
  { value: "private", text: "Private" },
] as const;

/** Filters of builds, as far as the query has none of them; those that it has are above the list, to remove. */
function buildFilters(query: Query): Markup {
  const runner =
    query["runner"] === undefined ? select("Ran on", "runner", { query, any: "Any machine", options: RUNNERS }) : NONE;
  const visibility =
    query["visibility"] === undefined
      ? select("Repository was", "visibility", { query, any: "Anything", options: VISIBILITIES })
      : NONE;
  const tags =
    query["ref"] === undefined
      ? html`<div><label class="check"><input type="checkbox" name="ref" value="${ALL_TAGS}"> Tagged releases only</label></div>`
      : NONE;
  return html`${runner}${visibility}${tags}`;
}

const withoutFilters = (query: Query): Query =>
  Object.fromEntries(Object.entries(query).filter(([name, value]) => !isFilter(name, value)));

interface Choice {
  readonly query: Query;
  readonly any: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
}

function select(label: string, name: string, { query, any, options }: Choice): Markup {
  const shown = options.map(({ value, text }) => {
    const chosen = query[name] === value ? html` selected` : NONE;
    return html`<option value="${value}"${chosen}>${text}</option>`;
  });
  return html`<div><label>${label} <select name="${name}"><option value="">${any}</option>${shown}</select></label></div>`;
}

/** A time of a link stays as it is; a browser shows a date in a field of its own. */
function dateInput(name: "since" | "until", query: Query): Markup {
  const value = query[name] ?? "";
  const type = /^(?:\d{4}-\d\d-\d\d)?$/.test(value) ? "date" : "text";
  return html`<input name="${name}" type="${type}" value="${value}">`;
}
