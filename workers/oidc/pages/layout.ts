// SPDX-License-Identifier: Apache-2.0
// What every sign-in page has in common: the document, the host's name above it and the explanation below.

import { sha256 } from "#sha256";
import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { html, type Markup, textOf } from "../../../shared/http/markup.ts";
import { STYLE } from "./style.ts";

/** The source expression of the style in a Content Security Policy. */
export const STYLE_HASH = `sha256-${encodeBase64(sha256(encodeUtf8(STYLE)))}`;

/** What a page says. */
export interface Content {
  /** The title of the document and its heading. */
  readonly title: string;
  /** What stands above the heading, if anything does. */
  readonly state?: Markup;
  readonly body: Markup;
  /** Where the browser goes by itself. */
  readonly refresh?: string;
}

/** The icons, each drawn in a square of 24 units. A page carries only those that it shows. */
const ICONS = {
  tree: html`<circle cx="12" cy="5" r="2.5"/><circle cx="5" cy="19" r="2.5"/><circle cx="19" cy="19" r="2.5"/><path d="M12 7.5V12M5 16.5V12h14v4.5"/>`,
  pass: html`<circle cx="12" cy="12" r="9"/><path d="m8 12.5 2.8 2.8L16.2 9.5"/>`,
  fail: html`<path d="M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3z"/><path d="m9 9 6 6m0-6-6 6"/>`,
  warn: html`<path d="M12 3.5 22 20.5H2z"/><path d="M12 10v4.5m0 3v.01"/>`,
} as const;

/** An icon beside a word that says the same. */
export const icon = (name: keyof typeof ICONS): Markup =>
  html`<svg class="i" viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;

/** How a sign-in stands: an icon and a word. */
export const state = (kind: "ok" | "bad", word: string): Markup =>
  html`<p><span class="st ${kind}">${icon(kind === "ok" ? "pass" : "fail")} ${word}</span></p>`;

/** The text of the document. @param host the host name of the site, which stands where others have a logo */
export function renderDocument({ title, state: above = html``, body, refresh }: Content, host: string): string {
  const meta = refresh === undefined ? html`` : html`<meta http-equiv="refresh" content="0;url=${refresh}">`;
  const document = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${meta}
<title>${title} · ${host}</title>
<style>${{ text: STYLE }}</style>
</head>
<body>
<a class="vh btn" href="#main">Skip to content</a>
<header class="top"><div class="wrap"><a class="brand" href="/">${icon("tree")}<span>${host}</span></a></div></header>
<main id="main" class="wrap">
${above}
<h1>${title}</h1>
${body}
</main>
<footer class="foot"><div class="wrap">
<p>This is the sign-in of ${host}. Its one cookie is for signing in, and nobody sees your address until you confirm. <a href="/">What is ${host}?</a></p>
</div></footer>
</body>
</html>
`;
  return `<!doctype html>\n${textOf(document)}`;
}
