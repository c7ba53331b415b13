// SPDX-License-Identifier: Apache-2.0
// Which room answers which path: the one table for the composed Worker and for the edge in front of rooms apart.

import type { LogKind } from "../shared/logs.ts";

export type RoomName = "ca" | "tsa" | "log" | "trust" | "oidc" | "witness";

export interface RoomRoute {
  /** A whole path, or everything below one: `/tuf/*`. */
  readonly path: string;
  readonly room: RoomName;
  /** Answered by every host that has a log of one of these kinds, each for its own; without it by that of PUBLIC_URL only. */
  readonly logs?: readonly LogKind[];
}

const OF_SIGNATURES = { room: "log", logs: ["signature"] } as const;
const OF_CERTIFICATES = { room: "log", logs: ["certificate"] } as const;
const OF_ANY_LOG = { room: "log", logs: ["signature", "certificate"] } as const;

export const ROOM_ROUTES: readonly RoomRoute[] = [
  { path: "/api/v2/signingCert", room: "ca" },
  { path: "/api/v2/trustBundle", room: "ca" },
  { path: "/api/v2/configuration", room: "ca" },
  { path: "/api/v1/signingCert", room: "ca" },
  { path: "/api/v1/rootCert", room: "ca" },
  { path: "/api/identity/explain", room: "ca" },
  { path: "/api/v1/timestamp", room: "tsa" },
  { path: "/api/v1/timestamp/certchain", room: "tsa" },
  { path: "/api/v2/log/entries", ...OF_SIGNATURES },
  { path: "/checkpoint", ...OF_SIGNATURES },
  { path: "/tile/*", ...OF_SIGNATURES },
  { path: "/api/v2/checkpoint", ...OF_SIGNATURES },
  { path: "/api/v2/tile/*", ...OF_SIGNATURES },
  { path: "/ct/*", ...OF_CERTIFICATES },
  { path: "/api/search", room: "log" },
  { path: "/api/logs", room: "log" },
  { path: "/api/entries/*", ...OF_ANY_LOG },
  { path: "/api/proof/inclusion", ...OF_ANY_LOG },
  { path: "/api/proof/consistency", ...OF_ANY_LOG },
  { path: "/api/meta/*", ...OF_SIGNATURES },
  { path: "/tuf/*", room: "trust" },
  { path: "/trusted_root.json", room: "trust" },
  { path: "/signing_config.json", room: "trust" },
  { path: "/client_trust_config.json", room: "trust" },
  { path: "/oidc/*", room: "oidc" },
  { path: "/witness/*", room: "witness" },
];

const whole = new Map(ROOM_ROUTES.filter(({ path }) => !path.endsWith("*")).map((route) => [route.path, route]));
const below = ROOM_ROUTES.filter(({ path }) => path.endsWith("/*")).map(
  (route) => [route.path.slice(0, -1), route] as const,
);

/** A doubled slash counts as one, as in the rooms. */
function routeOf(pathname: string): RoomRoute | null {
  const path = pathname.replace(/\/{2,}/g, "/");
  return whole.get(path) ?? below.find(([prefix]) => path.startsWith(prefix))?.[1] ?? null;
}

/** The room of a path, null if there is none. */
export const roomOf = (pathname: string): RoomName | null => routeOf(pathname)?.room ?? null;

/** Whether a host that has logs of these kinds, and nothing else, answers the path. */
export const isOfLog = (pathname: string, kinds: readonly LogKind[]): boolean =>
  routeOf(pathname)?.logs?.some((kind) => kinds.includes(kind)) ?? false;
