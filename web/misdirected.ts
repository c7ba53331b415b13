// SPDX-License-Identifier: Apache-2.0
// The page of a host that this service does not answer for, with a link to the one that it does.

import { escapeHtml } from "../shared/http/markup.ts";
import type { PublicUrl } from "../shared/http/public-url.ts";
import { STYLE } from "./home.ts";

/** The whole page. @param what what this host has; it ends in the address */
export function renderMisdirected({ href }: PublicUrl, what: string): string {
  const address = escapeHtml(href);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Another address: Sigedge</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<main>
<h1>Another address</h1>
<p class="lead">${escapeHtml(what)} <a href="${address}/">${address}</a></p>
</main>
</html>
`;
}
