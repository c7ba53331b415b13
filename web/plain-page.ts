// SPDX-License-Identifier: Apache-2.0
// The document of a page that the front end makes by itself, while nothing else may answer. It loads nothing.

import { html, type Markup } from "../shared/http/markup.ts";
import { inlineStyle, renderDocument } from "../shared/pages/document.ts";
import { SHARED_STYLE } from "../shared/pages/style.ts";

/** The whole page. @param host stands where others have a logo */
export const renderPlainPage = (title: string, host: string, body: Markup): string =>
  renderDocument({
    host,
    title,
    head: html`<meta name="robots" content="noindex"><link rel="icon" href="data:,">${inlineStyle(SHARED_STYLE)}`,
    header: html``,
    main: html`<h1>${title}</h1>
${body}`,
    footer: html`<p>Sigedge, open source</p>`,
  });
