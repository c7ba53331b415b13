// SPDX-License-Identifier: Apache-2.0
// The menu and the files of the site's pages, whichever service renders them.

import { html, type Markup } from "../http/markup.ts";

const PLACES = [
  { href: "/verify", text: "Verify" },
  { href: "/sign", text: "Sign" },
  { href: "/watch", text: "Watch" },
  { href: "/logs", text: "Logs" },
  { href: "/#how", text: "Help" },
] as const;

/** The menu. @param current the path of the page, null if the menu does not name it */
export function navigation(current: string | null): Markup {
  const links = PLACES.map(({ href, text }) => {
    const mark = href === current ? html` aria-current="page"` : html``;
    return html`<a href="${href}"${mark}>${text}</a> `;
  });
  return html`<nav aria-label="Main">${links}</nav>`;
}

/** The style, the script and the icon of every page. */
export const SITE_FILES: Markup = html`<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="preload" href="/assets/next.woff2" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="/assets/site.css">
<script src="/assets/site.js" type="module"></script>`;
