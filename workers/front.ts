// SPDX-License-Identifier: Apache-2.0
// What happens to a request before it reaches a room, the same in the composed Worker and in the edge: its id, its host, the
// paths that belong to no room, and what no room has.

import type { ConfigError } from "../shared/env.ts";
import { withFailures } from "../shared/http/failure.ts";
import type { PublicUrl } from "../shared/http/public-url.ts";
import { REQUEST_ID_HEADER, requestIdOf } from "../shared/http/request-id.ts";
import { notConfigured, renderStatus, unavailable } from "../shared/http/status.ts";
import type { Result } from "../shared/result.ts";
import { readTrustHealth, type TrustHealth } from "../shared/trust/health.ts";
import { homePage } from "../web/home.ts";
import { type RoomName, roomOf } from "./routes.ts";

export interface FrontConfig {
  readonly publicUrl: PublicUrl;
}

/** A path that belongs to no room; a `GET` also answers HEAD. */
type OwnPage = (config: FrontConfig) => Response | Promise<Response>;

export interface Front {
  readonly config: Result<FrontConfig, ConfigError>;
  /** Pages of this shape beside those that every shape has. */
  readonly pages: Readonly<Record<string, OwnPage>>;
  /** Hands the request to a room; it carries its id. */
  readonly dispatch: (room: RoomName, request: Request) => Response | Promise<Response>;
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

function route(request: Request, { config, pages, dispatch }: Front): Response | Promise<Response> {
  const { pathname, host } = new URL(request.url);
  if (pathname === "/healthz") return onlyReading(request, () => health(config, dispatch));
  if (!config.ok) return renderStatus(notConfigured(config.error));
  const { publicUrl } = config.value;
  if (host !== publicUrl.host) return misdirected(publicUrl);
  const page = Object.hasOwn(pages, pathname) ? pages[pathname] : COMMON_PAGES[pathname];
  if (page !== undefined) return onlyReading(request, () => page(config.value));
  const room = roomOf(pathname);
  if (room !== null) return dispatch(room, request);
  return renderStatus({ grpc: "NOT_FOUND", message: `no such path; ${publicUrl.href}/ says what there is` });
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
async function health(config: Front["config"], dispatch: Front["dispatch"]): Promise<Response> {
  const body = config.ok
    ? await trustStatus(config.value, dispatch)
    : { status: "NOT_SERVING", problems: config.error.problems, expiries: [] };
  return Response.json(body, {
    status: body.status === "SERVING" ? 200 : 503,
    headers: { "cache-control": "no-store" },
  });
}

async function trustStatus({ publicUrl }: FrontConfig, dispatch: Front["dispatch"]): Promise<Health> {
  try {
    const { problems, expiries } = await readTrustHealth(publicUrl.href, (request) => dispatch("trust", request));
    return { status: problems.length === 0 ? "SERVING" : "DEGRADED", problems, expiries };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "no reason";
    return { status: "DEGRADED", problems: [`The trust room does not tell its health: ${reason}`], expiries: [] };
  }
}

/** RFC 9110 §15.5.20: names in certificates, tokens and checkpoints are those of PUBLIC_URL, so no other host is answered. */
function misdirected({ href }: PublicUrl): Response {
  return new Response(`This service answers for ${href} only.\n`, {
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
