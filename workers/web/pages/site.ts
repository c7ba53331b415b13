// SPDX-License-Identifier: Apache-2.0
// The common parts of every reading page: head, menu, box, and the newest heads below. Whoever keeps a page keeps
// evidence of what the logs had signed.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { html, type Markup } from "../../../shared/http/markup.ts";
import type { PublicUrl } from "../../../shared/http/public-url.ts";
import { BOX_INPUT, smallBox } from "../../../shared/pages/box.ts";
import { renderDocument } from "../../../shared/pages/document.ts";
import { navigation, SITE_FILES } from "../../../shared/pages/navigation.ts";
import type { LogHead } from "../../../shared/rpc/log-reads.ts";
import { digest, NONE } from "../parts/parts.ts";
import { formatCount, timeTag } from "../parts/words.ts";

/** A page, without what all have in common. */
export interface SitePage {
  readonly status: number;
  readonly title: string;
  /** One sentence for search engines and link previews. */
  readonly description: string;
  /** Path and query under which the page is known. Null for a page that nobody should keep. */
  readonly canonical: string | null;
  readonly body: Markup;
  /** `large`: the page has a box of its own. Otherwise the text in the box. */
  readonly box: "large" | { readonly text: string };
  /** Further links of the head. */
  readonly links?: Markup;
  /** The program that the page runs in the browser; none for most. */
  readonly program?: Program;
}

/** The script of a page that does work in the browser. */
export interface Program {
  /** Its name in tools/docs/assets.ts. */
  readonly script: string;
  /** The Trusted Types policy under which it starts Web Workers; null if it starts none. */
  readonly workerPolicy: string | null;
}

/** The site that a page is rendered for. */
export interface Site extends Pick<PublicUrl, "href" | "host"> {
  /** Oldest log first; empty where nobody was asked. */
  readonly heads: readonly LogHead[];
}

/** The text of the document. */
export function renderSitePage(page: SitePage, site: Site): string {
  const { title, box, canonical } = page;
  return renderDocument({
    host: site.host,
    title,
    head: renderHead(page, site),
    header: html`${navigation(canonical)}${box === "large" ? NONE : smallBox(box.text)}`,
    main: page.body,
    footer: renderFooter(site.heads),
  });
}

function renderHead(page: SitePage, { href, host }: Site): Markup {
  const { title, description, canonical, links = NONE, program } = page;
  const script =
    program === undefined ? NONE : html`<script src="/assets/${program.script}.js" type="module"></script>`;
  const address = `${href}${canonical ?? "/"}`;
  const known =
    canonical === null
      ? html`<meta name="robots" content="noindex">`
      : html`<link rel="canonical" href="${address}"><meta property="og:url" content="${address}">`;
  return html`<meta name="description" content="${description}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="${host}">
<meta property="og:title" content="${title}">
<meta property="og:description" content="${description}">
${known}
${links}
${SITE_FILES}
${script}`;
}

/** The box of the start page and of pages that found nothing. */
export const largeBox = (text = ""): Markup => html`<form class="box big" action="/search" role="search">
<label for="q">Look up a signature</label>
<div><input id="q" ${BOX_INPUT} aria-describedby="takes" value="${text}"><button class="go">Look up</button></div>
<p class="said" role="status"></p>
<p class="takes" id="takes">A file’s digest, an e-mail address, a repository, a commit, a certificate or an entry number.</p>
</form>`;

/** `Signature log`, or the name of a log that is not the first of its kind. */
export const nameLog = ({ name, kind }: Pick<LogHead, "name" | "kind">): string =>
  name === kind ? `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} log` : `Log ${name}`;

function renderFooter(heads: readonly LogHead[]): Markup {
  const rows = heads.map(({ head, ...log }) =>
    head === null
      ? html`<div><dt>${nameLog(log)}</dt><dd>not responding</dd></div>`
      : html`<div><dt>${nameLog(log)}, <span class="num">${formatCount(head.treeSize, "entry", "entries")}</span>, ${timeTag(head.timestamp, "clock")}</dt><dd>${digest(encodeBase64(head.rootHash))}</dd></div>`,
  );
  const newest = html`<h2 class="vh">Newest log heads</h2>
<dl class="two">
${rows}
</dl>`;
  return html`${heads.length === 0 ? NONE : newest}
<p class="row"><a href="/logs">Logs and health</a> <a href="/#own">Use your own client</a> <a href="/#privacy">What is public</a> <span>Sigedge, open source</span></p>`;
}
