// SPDX-License-Identifier: Apache-2.0
// The parts that pages are made of: digests, fields, checks, commands, tables, links.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { icon } from "../../../shared/pages/icons.ts";

export const NONE = html``;

/** How many characters of a digest always show. */
const TAIL_CHARS = 8;

/** A digest or another long value: cut by the style alone, whole for readers, copying and printing. */
export function digest(text: string): Markup {
  const cut = Math.max(0, text.length - TAIL_CHARS);
  return html`<span class="d m"><span>${text.slice(0, cut)}</span><span>${text.slice(cut)}</span></span>`;
}

/** A digest beside which the script adds a button. @param name what is copied */
export const withCopy = (text: string, name: string): Markup =>
  html`<div class="has-copy" data-copy="${name}"><span>${digest(text)}</span></div>`;

/** One row of a `dl.kv`. */
export const field = (label: string, value: Markup): Markup => html`<div><dt>${label}</dt><dd>${value}</dd></div>\n`;

/** A command or document that wraps, so that nothing hides. @param name what is copied */
export const code = (text: string, name: string): Markup =>
  html`<div class="code" data-copy="${name}"><pre><code>${text}</code></pre></div>`;

/** A check: what was compared, and its result. */
export interface Check {
  readonly title: string;
  readonly result: "passed" | "failed" | "unchecked";
  readonly what: Markup;
}

const RESULTS = {
  passed: { icon: "pass", kind: "ok", word: "Passed" },
  failed: { icon: "fail", kind: "bad", word: "Failed" },
  unchecked: { icon: "none", kind: "q", word: "Not checked" },
} as const;

/** A list of checks, in their order. */
export const checks = (list: readonly Check[]): Markup =>
  html`<ol class="steps">
${list.map(({ title, result, what }) => {
  const { icon: name, kind, word } = RESULTS[result];
  return html`<li>${icon(name, kind)}<div><h3>${title} <span class="${kind}">${word}</span></h3><p class="q">${what}</p></div></li>\n`;
})}</ol>`;

/** Numbered instructions. */
export const steps = (list: readonly { readonly title: string; readonly what: Markup }[]): Markup =>
  html`<ol class="steps">
${list.map(({ title, what }) => html`<li><span class="n"></span><div><h3>${title}</h3><p class="q">${what}</p></div></li>\n`)}</ol>`;

/**
 * A link to another site, for addresses that a certificate names. Only https addresses become links: an open log holds
 * whatever anybody wrote, `javascript:` included.
 */
export function outsideLink(href: string, text: Markup): Markup {
  const url = URL.canParse(href) ? new URL(href) : null;
  const isSafe = url?.protocol === "https:" && url.username === "" && url.password === "";
  return isSafe ? html`<a href="${url.href}" rel="nofollow noopener noreferrer">${text}</a>` : text;
}

/** A column of a table. */
export interface Column {
  readonly heading: string;
  /** `w`: the one elastic column; `r`: numbers at the right. */
  readonly kind?: "w" | "r" | "num";
  /** Repeated before the value on a phone. */
  readonly label?: string;
}

/** A table whose rows become cards on a phone. @param name for readers of the page by ear */
export function table(name: string, columns: readonly Column[], rows: readonly (readonly Markup[])[]): Markup {
  const head = columns.map(({ heading, kind }) => {
    const right = kind === "r" ? html` class="r"` : NONE;
    return html`<th role="columnheader" scope="col"${right}>${heading}</th>`;
  });
  const cells = (row: readonly Markup[]): readonly Markup[] =>
    row.map((cell, i) => {
      const { kind, label } = columns[i] ?? { heading: "" };
      const shown = kind === undefined ? NONE : html` class="${kind}"`;
      return html`<td role="cell"${shown}${label === undefined ? NONE : html` data-l="${label}"`}>${cell}</td>`;
    });
  return html`<table class="stack" role="table" aria-label="${name}">
<thead role="rowgroup"><tr role="row">${head}</tr></thead>
<tbody role="rowgroup">
${rows.map((row) => html`<tr role="row">${cells(row)}</tr>\n`)}</tbody>
</table>`;
}
