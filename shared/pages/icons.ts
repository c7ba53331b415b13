// SPDX-License-Identifier: Apache-2.0
// The icons, each drawn in a square of 24 units. A page carries only those that it shows.

import { html, type Markup } from "../http/markup.ts";

const ICONS = {
  tree: html`<circle cx="12" cy="5" r="2.5"/><circle cx="5" cy="19" r="2.5"/><circle cx="19" cy="19" r="2.5"/><path d="M12 7.5V12M5 16.5V12h14v4.5"/>`,
  pass: html`<circle cx="12" cy="12" r="9"/><path d="m8 12.5 2.8 2.8L16.2 9.5"/>`,
  fail: html`<path d="M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3z"/><path d="m9 9 6 6m0-6-6 6"/>`,
  warn: html`<path d="M12 3.5 22 20.5H2z"/><path d="M12 10v4.5m0 3v.01"/>`,
  x: html`<path d="m6 6 12 12M18 6 6 18"/>`,
  none: html`<circle cx="12" cy="12" r="9" stroke-dasharray="3 3"/><path d="M8.5 12h7"/>`,
  down: html`<path d="M12 4v11m-5-5 5 5 5-5M5 20h14"/>`,
} as const;

/** The name of an icon. */
export type IconName = keyof typeof ICONS;

/** An icon beside a word that says the same. @param kind colors it: `ok`, `bad`, `warn`, `q` */
export const icon = (name: IconName, kind: "" | "ok" | "bad" | "warn" | "q" = ""): Markup =>
  html`<svg class="${kind === "" ? "i" : `i ${kind}`}" viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;

/** An icon and a word. */
export const state = (kind: "ok" | "bad" | "warn", word: string): Markup => {
  const name = { ok: "pass", bad: "fail", warn: "warn" } as const;
  return html`<span class="st ${kind}">${icon(name[kind])} ${word}</span>`;
};
