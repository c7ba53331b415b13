// SPDX-License-Identifier: Apache-2.0
// What happens to a request before it reaches a service, the same in the composed Worker and in the edge: its id, its host, the
// paths that belong to no service, and what no service has.

import { withFailures } from "../../shared/http/failure.ts";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { REQUEST_ID_HEADER, requestIdOf } from "../../shared/http/request-id.ts";
import { notConfigured, renderStatus, unavailable } from "../../shared/http/status.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import type { Result } from "../../shared/result.ts";
import type { ConfigError } from "../../shared/settings/settings.ts";
import { readTrustHealth, type TrustHealth } from "../../shared/trust/health.ts";
import { homePage } from "../../web/home.ts";
import { isOfLog, type ServiceName, serviceOf } from "./routes.ts";

export interface FrontConfig {
  readonly publicUrl: PublicUrl;
  /** Oldest first. */
  readonly logs: readonly LogConfig[];
}

/** A path that belongs to no service; a `GET` also answers HEAD. */
type OwnPage = (config: FrontConfig) => Response | Promise<Response>;

export interface Front {
  readonly config: Result<FrontConfig, ConfigError>;
  /** Pages of this shape beside those that every shape has. */
  readonly pages: Readonly<Record<string, OwnPage>>;
  /** What an operator has to do about logs, of a shape that can ask them; does not reject. */
  readonly logProblems?: (config: FrontConfig) => Promise<readonly string[]>;
  /** Hands the request to a service; it carries its id. */
  readonly dispatch: (service: ServiceName, request: Request) => Response | Promise<Response>;
}

/** Answers a request; never throws. */
export async function answer(request: Request, front: Front): Promise<Response> {
  const requestId = requestIdOf(request) ?? crypto.randomUUID();
  const named = new Request(request);
  named.headers.set(REQUEST_ID_HEADER, requestId);
  const response = await withFailures(
    { request: named, requestId },
    () => route(named, front),
    () => renderStatus(unavailable(`the service failed; its log has request ${requestId}`)),
  );
  return withRequestId(response, requestId);
}

function route(request: Request, front: Front): Response | Promise<Response> {
  const { config, pages, dispatch } = front;
  const { pathname, host } = new URL(request.url);
  if (pathname === "/healthz") return onlyReading(request, () => health(front));
  if (!config.ok) return renderStatus(notConfigured(config.error));
  const { publicUrl } = config.value;
  if (host !== publicUrl.host) return toShard(request, config.value, dispatch);
  const page = Object.hasOwn(pages, pathname) ? pages[pathname] : COMMON_PAGES[pathname];
  if (page !== undefined) return onlyReading(request, () => page(config.value));
  const service = serviceOf(pathname);
  if (service !== null) return dispatch(service, request);
  return renderStatus({ grpc: "NOT_FOUND", message: `no such path; ${publicUrl.href}/ says what there is` });
}

/** A host beside that of PUBLIC_URL answers for its own logs, and for nothing else. */
function toShard(
  request: Request,
  { publicUrl, logs }: FrontConfig,
  dispatch: Front["dispatch"],
): Response | Promise<Response> {
  const { pathname, host } = new URL(request.url);
  const own = logs.filter((log) => log.host === host);
  const kinds = own.map(({ kind }) => kind);
  return isOfLog(pathname, kinds) ? dispatch("log", request) : misdirected(publicUrl, own);
}

const COMMON_PAGES: Readonly<Record<string, OwnPage>> = {
  "/": ({ publicUrl }) =>
    new Response(homePage(publicUrl), {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "public, max-age=300",
        "content-security-policy":
          "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
      },
    }),
};

interface Health {
  /** DEGRADED: it serves, and somebody has to do something before it does not. */
  readonly status: "SERVING" | "DEGRADED" | "NOT_SERVING";
  readonly problems: readonly string[];
  readonly expiries: TrustHealth["expiries"];
}

/** 200 while everything is well, otherwise 503: a monitor that looks at nothing else notices. Says what is wrong and what to do. */
async function health(front: Front): Promise<Response> {
  const { config } = front;
  const body = config.ok
    ? await servingHealth(config.value, front)
    : { status: "NOT_SERVING", problems: config.error.problems, expiries: [] };
  return Response.json(body, {
    status: body.status === "SERVING" ? 200 : 503,
    headers: { "cache-control": "no-store" },
  });
}

async function servingHealth(config: FrontConfig, { dispatch, logProblems }: Front): Promise<Health> {
  const [trust, ofLogs] = await Promise.all([trustHealth(config, dispatch), logProblems?.(config) ?? []]);
  const problems = [...trust.problems, ...ofLogs];
  return { status: problems.length === 0 ? "SERVING" : "DEGRADED", problems, expiries: trust.expiries };
}

async function trustHealth({ publicUrl }: FrontConfig, dispatch: Front["dispatch"]): Promise<Omit<Health, "status">> {
  try {
    const { problems, expiries } = await readTrustHealth(publicUrl.href, (request) => dispatch("trust", request));
    return { problems, expiries };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "no reason";
    return { problems: [`The trust service does not tell its health: ${reason}`], expiries: [] };
  }
}

/** RFC 9110 §15.5.20: names in certificates, tokens and checkpoints are those of the settings, so no other host is answered. */
function misdirected({ href }: PublicUrl, own: readonly LogConfig[]): Response {
  const names = own.map(({ name }) => name).join(" and ");
  const text =
    names === "" ? `This service answers for ${href}.` : `This host has ${names} only; the rest is at ${href}.`;
  return new Response(`${text}\n`, {
    status: 421,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}

async function onlyReading(request: Request, page: () => Response | Promise<Response>): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Method Not Allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  const response = await page();
  return request.method === "HEAD" ? new Response(null, response) : response;
}

/** In place where that is allowed: a copy would turn a body of known length into a stream. */
function withRequestId(response: Response, requestId: string): Response {
  try {
    response.headers.set(REQUEST_ID_HEADER, requestId);
    return response;
  } catch {
    // The headers of a response that came over a service binding or out of a cache are immutable.
    const copy = new Response(response.body, response);
    copy.headers.set(REQUEST_ID_HEADER, requestId);
    return copy;
  }
}
