// SPDX-License-Identifier: Apache-2.0
// Finds the service that answers a path, from the routes that the services declare: the one table for the composed
// Worker and for the gateway. It imports routes only, so that the gateway's bundle names no secret.

import type { RouteRow } from "../../shared/http/route.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { ROUTES as CA } from "../ca/declaration.ts";
import { ROUTES as LOG } from "../log/declaration.ts";
import { ROUTES as MONITOR } from "../monitor/declaration.ts";
import { ROUTES as OIDC } from "../oidc/declaration.ts";
import { ROUTES as TRUST } from "../trust/declaration.ts";
import { ROUTES as TSA } from "../tsa/declaration.ts";
import { ROUTES as WEB } from "../web/declaration.ts";
import { ROUTES as WITNESS } from "../witness/declaration.ts";

/** The routes of each service that answers requests from outside, as it declares them. The others: declaration.ts. */
export const DECLARED_ROUTES = {
  ca: CA,
  tsa: TSA,
  log: LOG,
  trust: TRUST,
  oidc: OIDC,
  witness: WITNESS,
  monitor: MONITOR,
  web: WEB,
} as const;

/** The services that answer requests from outside. */
export type ServiceName = keyof typeof DECLARED_ROUTES;

export interface ServiceRoute {
  /** A whole path, or everything below one: `/tuf/*`. */
  readonly path: string;
  readonly service: ServiceName;
  /** Every host that has a log of one of these kinds answers, each for its own; null: only the host of PUBLIC_URL. */
  readonly kinds: readonly LogKind[] | null;
  /** Pages of other origins read nothing here. */
  readonly isPrivate: boolean;
  /** Pages of other origins send requests here, and read the answers. */
  readonly isOpen: boolean;
  /** The declared methods; none for paths that are only reserved. */
  readonly methods: readonly ("GET" | "POST")[];
}

/** Each path once, longer paths first: the longest match wins, and a whole path wins over one with `*`. */
export const SERVICE_ROUTES: readonly ServiceRoute[] = mergeMethods(
  Object.entries(DECLARED_ROUTES).flatMap(([service, rows]) => publicRoutes(service as ServiceName, rows)),
).toSorted((a, b) => b.path.length - a.path.length);

function mergeMethods(routes: readonly ServiceRoute[]): readonly ServiceRoute[] {
  const byPath = new Map<string, ServiceRoute>();
  for (const route of routes) {
    const methods = [...(byPath.get(route.path)?.methods ?? []), ...route.methods];
    byPath.set(route.path, { ...route, methods });
  }
  return [...byPath.values()];
}

function publicRoutes(service: ServiceName, rows: readonly RouteRow[]): readonly ServiceRoute[] {
  return rows
    .filter(({ isInternal }) => isInternal !== true)
    .map(({ method, path, kinds = null, isPrivate = false, isOpen = false }) => ({
      service,
      path: withoutParameters(path),
      kinds,
      isPrivate,
      isOpen,
      methods: method === undefined ? [] : [method],
    }));
}

/** `/ct/issuer/:fingerprint` → `/ct/issuer/*`: the service itself answers what it does not know below. */
function withoutParameters(path: string): string {
  return path.replace(/:.*/, "*");
}

const whole = new Map(SERVICE_ROUTES.filter(({ path }) => !path.endsWith("*")).map((route) => [route.path, route]));
const below = SERVICE_ROUTES.filter(({ path }) => path.endsWith("/*")).map(
  (route) => [route.path.slice(0, -1), route] as const,
);

/** A doubled slash counts as one, as in the services. */
function routeOf(pathname: string): ServiceRoute | null {
  const path = pathname.includes("//") ? pathname.replace(/\/{2,}/g, "/") : pathname;
  return whole.get(path) ?? below.find(([prefix]) => path.startsWith(prefix))?.[1] ?? null;
}

/** The service of a path, null if there is none. */
export const serviceOf = (pathname: string): ServiceName | null => routeOf(pathname)?.service ?? null;

/** Whether a host that has logs of these kinds, and nothing else, answers the path. */
export const isOfLog = (pathname: string, kinds: readonly LogKind[]): boolean =>
  routeOf(pathname)?.kinds?.some((kind) => kinds.includes(kind)) ?? false;

/**
 * The access that a page of another origin has to a path. `all`: read every answer, and send any header. `read`: read
 * the answer to GET and HEAD. `declared`: the service decides, as an answer to POST may be a token or a certificate.
 * `open`: like `all`, and POST too.
 */
export type PageAccess = "all" | "read" | "declared" | "open";

/** A reserved path has no method, so its service may serve more there than it declares. */
export function pageAccessOf(pathname: string): PageAccess {
  const { methods = [], isPrivate = false, isOpen = false } = routeOf(pathname) ?? {};
  if (isOpen) return "open";
  if (isPrivate) return "declared";
  return methods.includes("POST") ? "declared" : methods.includes("GET") ? "all" : "read";
}
