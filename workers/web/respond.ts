// SPDX-License-Identifier: Apache-2.0
// The responses of pages: HTML, or the same as JSON for whoever prefers it, each with its ETag. A page loads its own
// files only, and its script may not turn text into code.
// Spec: RFC 9110 §12.5.1; https://www.w3.org/TR/CSP3/; https://w3c.github.io/trusted-types/dist/spec/

import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { respondWith } from "../../shared/http/cache.ts";
import type { Config } from "./env.ts";
import { type Program, renderSitePage, type Site, type SitePage } from "./pages/site.ts";

/** What a page answers with. */
export interface Answer {
  readonly page: SitePage;
  /** The same for programs. */
  readonly json: object;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
];

/** A page without a program sends no request and starts no Web Worker. */
function policyOf(program: Program | undefined): string {
  const requests = program === undefined ? [] : ["connect-src 'self'"];
  const workerPolicy = program?.workerPolicy ?? null;
  const workers =
    workerPolicy === null ? ["trusted-types 'none'"] : ["worker-src 'self'", `trusted-types ${workerPolicy}`];
  return [...POLICY, ...requests, ...workers].join("; ");
}

const PAGE_HEADERS = {
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
} as const;

/** Everything changes with the next entry; an ETag makes asking again cheap. */
const REVALIDATE = "no-cache";

/** The site as it is now. */
export const readSite = async ({ publicUrl: { href, host }, log }: Config): Promise<Site> => ({
  href,
  host,
  heads: await log.readHeads(),
});

/** Responds with the page, or with JSON if the client prefers it. */
export function respond(request: Request, { page, json }: Answer, site: Site): Response {
  const isJson = prefersJson(request);
  const body = isJson ? `${JSON.stringify(json, null, 2)}\n` : renderSitePage(page, site);
  const headers = { ...PAGE_HEADERS, "content-security-policy": policyOf(page.program), vary: "accept" };
  const contentType = isJson ? "application/json" : "text/html; charset=utf-8";
  if (page.status !== 200) {
    const errorHeaders = { ...headers, "content-type": contentType, "cache-control": "no-store" };
    return new Response(body, { status: page.status, headers: errorHeaders });
  }
  const response = respondWith(request, { body: encodeUtf8(body), contentType, cacheControl: REVALIDATE });
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

/** Whether the Accept header ranks JSON above HTML. Without a preference, people come first. */
export function prefersJson({ headers }: Request): boolean {
  const accepted = (headers.get("accept") ?? "").split(",").map((item) => {
    const [type = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    return { type, weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
  });
  const weightOf = (type: string): number => accepted.find((one) => one.type === type)?.weight ?? 0;
  return weightOf("application/json") > weightOf("text/html");
}
