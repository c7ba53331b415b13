// SPDX-License-Identifier: Apache-2.0
// How a search is narrowed: its terms and filters as links that remove them, and a form that adds some. Without a
// script; every state is an address.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { icon } from "../../../shared/pages/icons.ts";
import { ENTRY_KINDS } from "../../../shared/search/parameters.ts";
import { FILTERS, type Meaning, TERM_WORDS, TERMS } from "../facts/question.ts";
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

const isFilter = (name: string): boolean => (FILTERS as readonly string[]).includes(name);

/** Shows the parts of a query, each with a way to remove it; empty for a query of one part. */
export function activeFilters(query: Query): Markup {
  const parts = Object.entries(query);
  const isNarrowed = parts.length > 1 || parts.some(([name]) => isFilter(name));
  if (!isNarrowed) return NONE;
  const links = parts.map(([name, value]) => {
    const { [name]: _removed, ...rest } = query;
    const shown = shorten(`${labelOf(name)}: ${value}`);
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
<label>And also <input name="and" autocomplete="off" spellcheck="false" maxlength="2048" placeholder="Repository, e-mail, commit"></label>
${select("Kind", "kind", { query, any: "All", options: kinds })}
${select("Log", "log", { query, any: "All logs", options: logs })}
<label>From ${dateInput("since", query)}</label>
<label>Until ${dateInput("until", query)}</label>
<p class="row"><button>Apply</button> <a href="${searchHref(withoutFilters(query))}">Clear filters</a></p>
</form>
</details>`;
}

const withoutFilters = (query: Query): Query =>
  Object.fromEntries(Object.entries(query).filter(([name]) => !isFilter(name)));

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
  return html`<label>${label} <select name="${name}"><option value="">${any}</option>${shown}</select></label>`;
}

/** A time of a link stays as it is; a browser shows a date in a field of its own. */
function dateInput(name: "since" | "until", query: Query): Markup {
  const value = query[name] ?? "";
  const type = /^(?:\d{4}-\d\d-\d\d)?$/.test(value) ? "date" : "text";
  return html`<input name="${name}" type="${type}" value="${value}">`;
}
