// SPDX-License-Identifier: Apache-2.0
// A service's routes from one table: each path is written once, and what a path does not know is answered as the service's spec says.

import { type IRequest, IttyRouter } from "itty-router";

export interface Route<Args extends unknown[]> {
  readonly method: "GET" | "POST";
  /** itty-router pattern; a `GET` also answers HEAD. */
  readonly path: string;
  readonly handle: (request: IRequest, ...args: Args) => Promise<Response> | Response;
}

export interface Fallbacks {
  /** `allow` is the value of the Allow header that RFC 9110 §15.5.6 demands of a 405. */
  readonly methodNotAllowed: (allow: string, request: Request) => Response;
  readonly notFound: (request: Request) => Response;
}

/** A fetch function over the table. HEAD gets the headers of GET; a doubled slash in a path counts as one. */
export function createRouter<Args extends unknown[]>(
  routes: readonly Route<Args>[],
  { methodNotAllowed, notFound }: Fallbacks,
): (request: Request, ...args: Args) => Promise<Response> {
  const router = IttyRouter<IRequest, Args, Response>();
  for (const { method, path, handle } of routes) {
    if (method === "GET") router.get(path, handle).head(path, handle);
    else router.post(path, handle);
  }
  for (const { path } of routes) router.all(path, (request) => methodNotAllowed(allowedOn(path, routes), request));
  router.all("*", (request) => notFound(request));
  return async (request, ...args) => {
    const response = await router.fetch(withSingleSlashes(request), ...args);
    return request.method === "HEAD" ? new Response(null, response) : response;
  };
}

function allowedOn(
  path: string,
  routes: readonly { readonly method: "GET" | "POST"; readonly path: string }[],
): string {
  const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
  return methods.map((method) => (method === "GET" ? "GET, HEAD" : method)).join(", ");
}

/** Clients that were given a URL with a trailing slash ask for //api/…: the reference answers 404, at no gain. */
function withSingleSlashes(request: Request): Request {
  const url = new URL(request.url);
  if (!url.pathname.includes("//")) return request;
  url.pathname = url.pathname.replace(/\/{2,}/g, "/");
  return new Request(url, request);
}
