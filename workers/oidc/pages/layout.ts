// SPDX-License-Identifier: Apache-2.0
// The common parts of every sign-in page: its style, its heading and the explanation below.

import { sha256 } from "#sha256";
import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { html, type Markup } from "../../../shared/http/markup.ts";
import { inlineStyle, renderDocument } from "../../../shared/pages/document.ts";
import { icon } from "../../../shared/pages/icons.ts";
import { STYLE } from "./style.ts";

/** The source expression of the style in a Content Security Policy. */
export const STYLE_HASH = `sha256-${encodeBase64(sha256(encodeUtf8(STYLE)))}`;

/** The content of a page. */
export interface Content {
  /** The title of the document and its heading. */
  readonly title: string;
  /** Shown above the heading. */
  readonly state?: Markup;
  readonly body: Markup;
  /** The address to which the browser goes by itself. */
  readonly refresh?: string;
}

/** How a sign-in stands: an icon and a word. */
export const state = (kind: "ok" | "bad", word: string): Markup =>
  html`<p><span class="st ${kind}">${icon(kind === "ok" ? "pass" : "fail")} ${word}</span></p>`;

/** The text of the document. @param host the host name of the site */
export function renderPageDocument({ title, state: above = html``, body, refresh }: Content, host: string): string {
  const meta = refresh === undefined ? html`` : html`<meta http-equiv="refresh" content="0;url=${refresh}">`;
  return renderDocument({
    host,
    title,
    head: html`<meta name="robots" content="noindex">
${meta}
${inlineStyle(STYLE)}`,
    header: html``,
    main: html`${above}
<h1>${title}</h1>
${body}`,
    footer: html`<p>This is the sign-in of ${host}. Its one cookie is for signing in, and nobody sees your address until you confirm. <a href="/">What is ${host}?</a></p>`,
  });
}
