// SPDX-License-Identifier: Apache-2.0
// The responses of pages: HTML, or the same as JSON for whoever prefers it, each with its ETag. A page loads its own
// files only, and its script may not turn text into code.
// Spec: RFC 9110 §12.5.1; https://www.w3.org/TR/CSP3/; https://w3c.github.io/trusted-types/dist/spec/

import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../shared/http/cache.ts";
import { choosePreferred } from "../../shared/http/negotiation.ts";
import type { Rendered } from "../../shared/pages/search-formats.ts";
import type { Config } from "./env.ts";
import { type Program, renderSitePage, type Site, type SitePage } from "./pages/site.ts";

/** The answer with a page. */
export interface Answer {
  readonly page: SitePage;
  /** The same for programs. */
  readonly json: object;
  /** Further forms, by the media type that asks for one. */
  readonly forms?: Readonly<Record<string, () => Rendered>>;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
];

/** The box asks this site what a text means. A page without a program starts no Web Worker. */
function policyOf(program: Program | undefined): string {
  const workerPolicy = program?.workerPolicy ?? null;
  const workers =
    workerPolicy === null ? ["trusted-types 'none'"] : ["worker-src 'self'", `trusted-types ${workerPolicy}`];
  return [...POLICY, ...workers].join("; ");
}

const PAGE_HEADERS = {
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
} as const;

/** The site as it is now. */
export const readSite = async ({ publicUrl: { href, host }, log }: Config): Promise<Site> => ({
  href,
  host,
  heads: await log.readHeads(),
});

/** Responds with the page, or with the form of it that the client prefers. */
export function respond(request: Request, { page, json, forms = {} }: Answer, site: Site): Response {
  const others: Answer["forms"] = {
    "application/json": () => ({ body: `${JSON.stringify(json, null, 2)}\n`, contentType: "application/json" }),
    ...forms,
  };
  const preferred = others[choosePreferred(request, ["text/html", ...Object.keys(others)])];
  const { body, contentType } = preferred?.() ?? {
    body: renderSitePage(page, site),
    contentType: "text/html; charset=utf-8",
  };
  const headers = { ...PAGE_HEADERS, "content-security-policy": policyOf(page.program), vary: "accept" };
  if (page.status !== 200) {
    const errorHeaders = { ...headers, "content-type": contentType, "cache-control": "no-store" };
    return new Response(body, { status: page.status, headers: errorHeaders });
  }
  const response = respondWith(request, {
    body: encodeUtf8(body),
    contentType,
    cacheControl: CACHE_CONTROL.revalidate,
  });
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
