// SPDX-License-Identifier: Apache-2.0
// Every request passes here before it reaches a service, in the composed Worker and in the gateway alike: it gets an
// id, its host is checked, and paths that belong to no service are answered. Whatever an answer's status, and whoever
// made it, pages of other origins can read it if everybody may.

import { PUBLIC_READ, preflight } from "../../shared/http/cache.ts";
import { clientNetwork } from "../../shared/http/client-address.ts";
import { catchFailures } from "../../shared/http/failure.ts";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import type { RateGate } from "../../shared/http/rate-gate.ts";
import { REQUEST_ID_HEADER, requestIdOf } from "../../shared/http/request-id.ts";

import type { RouteRow } from "../../shared/http/route.ts";

import { answerUnavailable, rejectEncodedBody, rejectUnconfigured, renderStatus } from "../../shared/http/status.ts";

import type { LogConfig } from "../../shared/logs/config.ts";
import type { Result } from "../../shared/result.ts";
import type { ConfigError } from "../../shared/settings/settings.ts";
import { renderMisdirected } from "../../web/misdirected.ts";
import { DEPLOY_GUIDE, renderNotConfigured } from "../../web/not-configured.ts";
import type { FrontConfig } from "./config.ts";
import { type PageName, ROUTES } from "./declaration.ts";
import { serveHealth } from "./health.ts";
import { rejectInsecure, transportHeaders } from "./https.ts";
import { isOfLog, type PageAccess, pageAccessOf, type ServiceName, serviceOf } from "./routes.ts";

type Page = (config: FrontConfig) => Response | Promise<Response>;

export interface Front {
  readonly config: Result<FrontConfig, ConfigError>;
  /** Everything that is wrong with the settings of any service, one line each; does not reject. */
  readonly settingsProblems: () => readonly string[] | Promise<readonly string[]>;
  /** The pages of this composition beside those that every composition has. */
  readonly pages: Readonly<Partial<Record<PageName, Page>>>;
  /** Counts the requests for limited pages; null for a composition without such pages. */
  readonly gateOf: ((config: FrontConfig) => RateGate) | null;
  /** Describes what an operator must do about the logs and their monitor, as far as it can ask; does not reject. */
  readonly logProblems?: (config: FrontConfig) => Promise<readonly string[]>;
  /** Passes the request to a service; it carries its id. */
  readonly dispatch: (service: ServiceName, request: Request) => Response | Promise<Response>;
}

const OWN_PATHS = new Map<string, (typeof ROUTES)[number]>(ROUTES.map((row) => [row.path, row]));

/** Answers a request; never throws. */
export async function answer(request: Request, front: Front): Promise<Response> {
  const requestId = requestIdOf(request) ?? crypto.randomUUID();
  const named = new Request(request);
  named.headers.set(REQUEST_ID_HEADER, requestId);
  const url = new URL(request.url);
  const access = OWN_PATHS.has(url.pathname) ? "all" : pageAccessOf(url.pathname);
  const response = await catchFailures(
    named,
    () => answerPreflight(request, access) ?? route(named, url, front),
    () => renderStatus(answerUnavailable(`the service failed; its log has request ${requestId}`)),
  );
  return withHeaders(response, {
    ...(isReadable(request, access) ? PUBLIC_READ : {}),
    ...transportHeaders(request, front.config),
    [REQUEST_ID_HEADER]: requestId,
  });
}

const isPreflight = ({ method, headers }: Request): boolean =>
  method === "OPTIONS" && headers.has("access-control-request-method");

/** Answers a browser that asks whether a page may send a request; null where the service decides. */
function answerPreflight(request: Request, access: PageAccess): Response | null {
  if (!isPreflight(request)) return null;
  if (access === "open") return preflight("GET, HEAD, POST");
  return access === "all" ? preflight("GET, HEAD") : null;
}

const isRead = ({ method }: Request): boolean => method === "GET" || method === "HEAD";

const isFromBrowser = (request: Request): boolean =>
  isRead(request) && (request.headers.get("accept") ?? "").includes("text/html");

const isReadable = (request: Request, access: PageAccess): boolean =>
  access === "all" || access === "open" || (access === "read" && isRead(request));

/** @param url that of the request, parsed once */
function route(request: Request, { pathname, host }: URL, front: Front): Response | Promise<Response> {
  const { config, pages, dispatch } = front;
  const own = OWN_PATHS.get(pathname);
  const unencrypted = rejectInsecure(request, config);
  if (unencrypted !== null) return unencrypted;
  if (own?.handler === "health") return readOnly(request, () => serveHealth(front));
  if (!config.ok) return answerUnconfigured(request, config.error);
  const { publicUrl } = config.value;
  const encoded = rejectEncodedBody(request);
  if (encoded !== null) return renderStatus(encoded);
  if (host !== publicUrl.host) return toShard(request, config.value, dispatch);
  const page = own === undefined ? undefined : pages[own.handler];
  if (own !== undefined && page !== undefined) {
    return readOnly(request, async () =>
      (await isAdmitted(request, own, front, config.value)) ? await page(config.value) : renderStatus(TOO_MANY),
    );
  }
  const service = serviceOf(pathname);
  if (service !== null) return dispatch(service, request);
  // A person gets a page that leads on.
  if (isFromBrowser(request)) return dispatch("web", request);
  return renderStatus({ grpc: "NOT_FOUND", message: `no such path; ${publicUrl.href}/ lists what there is` });
}

/** 503 that says what to do; for a browser, as a page. */
function answerUnconfigured(request: Request, error: ConfigError): Response {
  const { message, ...status } = rejectUnconfigured(error);
  const advice = `to create what is missing: npx sigedge init --url https://HOST (${DEPLOY_GUIDE})`;
  const json = renderStatus({ ...status, message: `${message}; ${advice}` });
  if (!isFromBrowser(request)) return json;
  const headers = new Headers(json.headers);
  for (const [name, value] of Object.entries(PAGE_HEADERS)) headers.set(name, value);
  const page = request.method === "HEAD" ? null : renderNotConfigured(error.problems);
  return new Response(page, { status: json.status, headers });
}

const TOO_MANY = {
  grpc: "RESOURCE_EXHAUSTED",
  message: "too many requests from this network: retry in ten seconds",
  headers: { "retry-after": "10" },
} as const;

/** Whether the client's network is within the limit that the page's route declares. */
async function isAdmitted(
  request: Request,
  { path, limit }: RouteRow,
  { gateOf }: Front,
  config: FrontConfig,
): Promise<boolean> {
  if (limit === undefined) return true;
  if (gateOf === null) throw new TypeError(`nothing limits ${path}`);
  return await gateOf(config).admits(limit, clientNetwork(request));
}

/** A host other than that of PUBLIC_URL answers for its own logs only. */
function toShard(
  request: Request,
  { publicUrl, logs }: FrontConfig,
  dispatch: Front["dispatch"],
): Response | Promise<Response> {
  const { pathname, host } = new URL(request.url);
  const own = logs.filter((log) => log.host === host);
  const kinds = own.map(({ kind }) => kind);
  return isOfLog(pathname, kinds) ? dispatch("log", request) : rejectMisdirected(request, publicUrl, own);
}

/** The pages load nothing and run nothing. */
const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
} as const;

/** RFC 9110 §15.5.20. Certificates, tokens and checkpoints hold the configured names, so no other host is answered. */
function rejectMisdirected(request: Request, publicUrl: PublicUrl, own: readonly LogConfig[]): Response {
  const names = own.map(({ name }) => name).join(" and ");
  const what = names === "" ? "This service answers for" : `This host has ${names} only; the rest is at`;
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  if (!isFromBrowser(request)) return new Response(`${what} ${publicUrl.href}.\n`, { status: 421, headers });
  const page = request.method === "HEAD" ? null : renderMisdirected(publicUrl, what);
  return new Response(page, { status: 421, headers: { ...headers, ...PAGE_HEADERS } });
}

async function readOnly(request: Request, page: () => Response | Promise<Response>): Promise<Response> {
  if (!isRead(request)) {
    return new Response("Method Not Allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  const response = await page();
  return request.method === "HEAD" ? new Response(null, response) : response;
}

/** Sets the headers in place where possible: a copy would turn a body of known length into a stream. */
function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  try {
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  } catch {
    // The headers of a response from a service binding or a cache are immutable.
    const copy = new Response(response.body, response);
    for (const [name, value] of Object.entries(headers)) copy.headers.set(name, value);
    return copy;
  }
}
