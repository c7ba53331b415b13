// SPDX-License-Identifier: Apache-2.0
// Which service answers which path: the one table for the composed Worker and for the edge in front of services apart.

import type { LogKind } from "../../shared/logs/kinds.ts";

export type ServiceName = "ca" | "tsa" | "log" | "trust" | "oidc" | "witness";

export interface ServiceRoute {
  /** A whole path, or everything below one: `/tuf/*`. */
  readonly path: string;
  readonly service: ServiceName;
  /** Answered by every host that has a log of one of these kinds, each for its own; without it by that of PUBLIC_URL only. */
  readonly logs?: readonly LogKind[];
}

const OF_SIGNATURES = { service: "log", logs: ["signature"] } as const;
const OF_CERTIFICATES = { service: "log", logs: ["certificate"] } as const;
const OF_ANY_LOG = { service: "log", logs: ["signature", "certificate"] } as const;

export const SERVICE_ROUTES: readonly ServiceRoute[] = [
  { path: "/api/v2/signingCert", service: "ca" },
  { path: "/api/v2/trustBundle", service: "ca" },
  { path: "/api/v2/configuration", service: "ca" },
  { path: "/api/v1/signingCert", service: "ca" },
  { path: "/api/v1/rootCert", service: "ca" },
  { path: "/api/identity/explain", service: "ca" },
  { path: "/api/v1/timestamp", service: "tsa" },
  { path: "/api/v1/timestamp/certchain", service: "tsa" },
  { path: "/api/v2/log/entries", ...OF_SIGNATURES },
  { path: "/checkpoint", ...OF_SIGNATURES },
  { path: "/tile/*", ...OF_SIGNATURES },
  { path: "/api/v2/checkpoint", ...OF_SIGNATURES },
  { path: "/api/v2/tile/*", ...OF_SIGNATURES },
  { path: "/ct/*", ...OF_CERTIFICATES },
  { path: "/api/search", service: "log" },
  { path: "/api/logs", service: "log" },
  { path: "/api/entries/*", ...OF_ANY_LOG },
  { path: "/api/proof/inclusion", ...OF_ANY_LOG },
  { path: "/api/proof/consistency", ...OF_ANY_LOG },
  { path: "/api/meta/*", ...OF_SIGNATURES },
  { path: "/tuf/*", service: "trust" },
  { path: "/trusted_root.json", service: "trust" },
  { path: "/signing_config.json", service: "trust" },
  { path: "/client_trust_config.json", service: "trust" },
  { path: "/oidc/*", service: "oidc" },
  { path: "/witness/*", service: "witness" },
];

const whole = new Map(SERVICE_ROUTES.filter(({ path }) => !path.endsWith("*")).map((route) => [route.path, route]));
const below = SERVICE_ROUTES.filter(({ path }) => path.endsWith("/*")).map(
  (route) => [route.path.slice(0, -1), route] as const,
);

/** A doubled slash counts as one, as in the services. */
function routeOf(pathname: string): ServiceRoute | null {
  const path = pathname.replace(/\/{2,}/g, "/");
  return whole.get(path) ?? below.find(([prefix]) => path.startsWith(prefix))?.[1] ?? null;
}

/** The service of a path, null if there is none. */
export const serviceOf = (pathname: string): ServiceName | null => routeOf(pathname)?.service ?? null;

/** Whether a host that has logs of these kinds, and nothing else, answers the path. */
export const isOfLog = (pathname: string, kinds: readonly LogKind[]): boolean =>
  routeOf(pathname)?.logs?.some((kind) => kinds.includes(kind)) ?? false;
