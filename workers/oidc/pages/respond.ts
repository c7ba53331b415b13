// SPDX-License-Identifier: Apache-2.0
// The response that carries a page: its headers in one place. A page loads nothing and runs nothing.
// Spec: https://www.w3.org/TR/CSP3/; https://www.w3.org/TR/referrer-policy/; RFC 9700 §4.2.4, §4.16

import { unreachable } from "../../../shared/unreachable.ts";
import { STYLE_HASH } from "./layout.ts";
import type { Page } from "./page.ts";
import { renderPage } from "./render.ts";

/**
 * Makes the response. The page names the host of the request, which is the site's own: others have been refused.
 * @param cookies values of Set-Cookie
 */
export function respondWithPage({ url }: Request, page: Page, cookies: readonly string[] = []): Response {
  const headers = new Headers({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": policyOf(page),
    // `no-referrer` makes browsers send `Origin: null` with a form, which the receiving route could not tell from a
    // foreign page.
    "referrer-policy": hasForm(page) ? "same-origin" : "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
  });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(renderPage(page, new URL(url).host), { status: statusOf(page), headers });
}

/** Browsers apply form-action to the redirects that follow a form as well, so no form here is answered by one. */
const policyOf = (page: Page): string =>
  [
    "default-src 'none'",
    `style-src '${STYLE_HASH}'`,
    `form-action ${hasForm(page) ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

function hasForm(page: Page): boolean {
  switch (page.kind) {
    case "confirm":
    case "device":
    case "email":
      return true;
    case "choose":
    case "device_done":
    case "code":
    case "forward":
      return false;
    case "error":
      return page.refusal !== null;
    default:
      return unreachable(page);
  }
}

function statusOf(page: Page): number {
  if (page.kind === "error") return page.status;
  const hasProblem = (page.kind === "device" || page.kind === "email") && page.problem !== null;
  return hasProblem ? 400 : 200;
}
