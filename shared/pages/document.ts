// SPDX-License-Identifier: Apache-2.0
// The document around every page: head, header, one main landmark, footer.

import { html, type Markup, textOf } from "../http/markup.ts";
import { icon } from "./icons.ts";

/** The parts of a document. */
export interface DocumentParts {
  /** The host name of the site, which stands where others have a logo. */
  readonly host: string;
  readonly title: string;
  /** The contents of the head beside charset, viewport and title: style, links, metadata. */
  readonly head: Markup;
  /** The contents of the header after the host name. */
  readonly header: Markup;
  readonly main: Markup;
  readonly footer: Markup;
}

/** The text of the document. */
export function renderDocument({ host, title, head, header, main, footer }: DocumentParts): string {
  const document = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${host}</title>
${head}
</head>
<body>
<a class="vh btn" href="#main">Skip to content</a>
<header class="top"><div class="wrap"><a class="brand" href="/">${icon("tree")}<span>${host}</span></a> ${header}</div></header>
<main id="main" class="wrap">
${main}
</main>
<footer class="foot"><div class="wrap">
${footer}
</div></footer>
</body>
</html>
`;
  return `<!doctype html>\n${textOf(document)}`;
}

/** The style inside a document that links to no file. */
export const inlineStyle = (style: string): Markup => ({ text: `<style>${style}</style>` });
