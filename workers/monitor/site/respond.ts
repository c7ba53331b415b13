// SPDX-License-Identifier: Apache-2.0
// The responses of the monitor's pages. They belong to one person: no cache keeps them, and no other site reads or
// frames them. They load the site's own files, and work without its script.
// Spec: https://www.w3.org/TR/CSP3/

import { html, type Markup } from "../../../shared/http/markup.ts";
import type { PublicUrl } from "../../../shared/http/public-url.ts";
import { smallBox } from "../../../shared/pages/box.ts";
import { renderDocument } from "../../../shared/pages/document.ts";
import { navigation, SITE_FILES } from "../../../shared/pages/navigation.ts";

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  // With `no-referrer`, a browser sends `Origin: null` with the forms of these pages, which then look like another
  // site's. Spec: https://fetch.spec.whatwg.org/#append-a-request-origin-header
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
} as const;

/** A page. */
export interface Page {
  readonly status?: 200 | 400 | 403 | 404 | 429 | 503;
  readonly title: string;
  readonly body: Markup;
  /** Whether the menu names it. */
  readonly isWatch?: boolean;
  /** Cookies to set. */
  readonly cookies?: readonly string[];
}

/** Responds with a page. */
export function respondWithPage(
  { host }: Pick<PublicUrl, "host">,
  { status = 200, title, body, isWatch = true, cookies = [] }: Page,
): Response {
  const document = renderDocument({
    host,
    title,
    head: html`<meta name="robots" content="noindex">
<meta name="description" content="Know when somebody signs in your name.">
${SITE_FILES}`,
    header: html`${navigation(isWatch ? "/watch" : null)}${smallBox("")}`,
    main: body,
    footer: html`<p class="row"><a href="/logs">Logs and health</a> <a href="/#own">Use your own client</a> <a href="/#privacy">What is public</a> <span>Sigedge, open source</span></p>`,
  });
  const headers = new Headers(HEADERS);
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  if (status === 503) headers.set("retry-after", "1");
  if (status === 429) headers.set("retry-after", "10");
  return new Response(document, { status, headers });
}

/** Leads on to another address. */
export function redirectTo(location: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ location, "cache-control": "no-store", "referrer-policy": "no-referrer" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}

/** A page that says what went wrong, and leads back. */
export const respondWithProblem = (
  publicUrl: Pick<PublicUrl, "host">,
  { status, title, lead, cookies = [] }: Omit<Page, "body"> & { readonly lead: string },
): Response =>
  respondWithPage(publicUrl, {
    ...(status === undefined ? {} : { status }),
    title,
    cookies,
    body: html`<h1>${title}</h1>
<p class="lead">${lead}</p>
<p class="row"><a class="btn" href="/watch">Your watches</a> <a class="btn" href="/">Start page</a></p>`,
  });
