// SPDX-License-Identifier: Apache-2.0
// Routes a service's requests by the table that it declares, and answers unknown paths and methods in the form of its
// spec.

import { type IRequest, IttyRouter } from "itty-router";
import { clientNetwork } from "./client-address.ts";
import type { RateGate, RouteLimit } from "./rate-gate.ts";
import type { HandlerName, RouteRow } from "./route.ts";

type Handler<Args extends unknown[]> = (request: IRequest, ...args: Args) => Promise<Response> | Response;

/** A handler for each name in a service's routes. */
export type Handlers<Rows extends readonly RouteRow[], Args extends unknown[]> = Readonly<
  Record<HandlerName<Rows>, Handler<Args>>
>;

/** A route with its handler. */
export interface Route<Args extends unknown[]> {
  readonly method: "GET" | "POST";
  /** itty-router pattern; a `GET` also answers HEAD. */
  readonly path: string;
  readonly handle: Handler<Args>;
  readonly limit?: RouteLimit | undefined;
}

/** Responses to requests that no route handles. */
export interface Fallbacks {
  /** `allow` is the value of the Allow header that RFC 9110 §15.5.6 demands of a 405. */
  readonly methodNotAllowed: (allow: string, request: Request) => Response;
  readonly notFound: (request: Request) => Response;
}

/** The rate limits of a service's routes. */
export interface Limited<Args extends unknown[]> {
  readonly gateOf: (...args: Args) => RateGate;
  /** The 429 in the form that the spec of the request's route prescribes, with Retry-After. */
  readonly limited: (request: Request, limit: RouteLimit) => Response;
}

/** The declared routes, each with its handler. Rows without a handler only reserve paths. */
export function withHandlers<Rows extends readonly RouteRow[], Args extends unknown[]>(
  rows: Rows,
  handlers: Handlers<Rows, Args>,
): readonly Route<Args>[] {
  const byName = new Map(Object.entries<Handler<Args>>(handlers));
  return rows.flatMap(({ method, path, limit, handler = "" }) => {
    const handle = byName.get(handler);
    return method === undefined || handle === undefined ? [] : [{ method, path, handle, limit }];
  });
}

/**
 * Makes a fetch function from the table. HEAD gets the headers of GET; a doubled slash in a path counts as one.
 * @param limits null for a service without limited routes; with one, this throws TypeError
 */
export function createRouter<Args extends unknown[]>(
  routes: readonly Route<Args>[],
  { methodNotAllowed, notFound }: Fallbacks,
  limits: Limited<Args> | null,
): (request: Request, ...args: Args) => Promise<Response> {
  const router = IttyRouter<IRequest, Args, Response>();
  for (const route of routes) {
    const { method, path } = route;
    const handle = guardWithGate(route, limits);
    if (method === "GET") router.get(path, handle).head(path, handle);
    else router.post(path, handle);
  }
  for (const { path } of routes) router.all(path, (request) => methodNotAllowed(methodsOn(path, routes), request));
  router.all("*", (request) => notFound(request));
  return async (request, ...args) => {
    const response = await router.fetch(withSingleSlashes(request), ...args);
    return request.method === "HEAD" ? new Response(null, response) : response;
  };
}

/** The handler, called for requests within the limit only. */
function guardWithGate<Args extends unknown[]>(
  { path, limit, handle }: Route<Args>,
  limits: Limited<Args> | null,
): Handler<Args> {
  if (limit === undefined) return handle;
  if (limits === null) throw new TypeError(`nothing limits ${path}`);
  const { gateOf, limited } = limits;
  return async (request, ...args) =>
    (await gateOf(...args).admits(limit, clientNetwork(request)))
      ? await handle(request, ...args)
      : limited(request, limit);
}

function methodsOn(
  path: string,
  routes: readonly { readonly method: "GET" | "POST"; readonly path: string }[],
): string {
  const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
  return methods.map((method) => (method === "GET" ? "GET, HEAD" : method)).join(", ");
}

/** A client whose base URL ends in a slash requests //api/…. The reference answers 404, which helps nobody. */
function withSingleSlashes(request: Request): Request {
  // Parsing is expensive. Beyond the scheme most URLs have no doubled slash, even in their query.
  if (!request.url.includes("//", "https://".length)) return request;
  const url = new URL(request.url);
  if (!url.pathname.includes("//")) return request;
  url.pathname = url.pathname.replace(/\/{2,}/g, "/");
  return new Request(url, request);
}
