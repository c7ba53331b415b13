// SPDX-License-Identifier: Apache-2.0
// Which room answers which path: the one table for the composed Worker and for the edge in front of rooms apart.

export type RoomName = "ca" | "tsa" | "log" | "trust" | "oidc";

export interface RoomRoute {
  /** A whole path, or everything below one: `/tuf/*`. */
  readonly path: string;
  readonly room: RoomName;
}

export const ROOM_ROUTES: readonly RoomRoute[] = [
  { path: "/api/v2/signingCert", room: "ca" },
  { path: "/api/v2/trustBundle", room: "ca" },
  { path: "/api/v2/configuration", room: "ca" },
  { path: "/api/v1/signingCert", room: "ca" },
  { path: "/api/v1/rootCert", room: "ca" },
  { path: "/api/identity/explain", room: "ca" },
  { path: "/api/v1/timestamp", room: "tsa" },
  { path: "/api/v1/timestamp/certchain", room: "tsa" },
  { path: "/api/v2/log/entries", room: "log" },
  { path: "/checkpoint", room: "log" },
  { path: "/tile/*", room: "log" },
  { path: "/api/v2/checkpoint", room: "log" },
  { path: "/api/v2/tile/*", room: "log" },
  { path: "/ct/*", room: "log" },
  { path: "/api/search", room: "log" },
  { path: "/api/entries/*", room: "log" },
  { path: "/api/proof/inclusion", room: "log" },
  { path: "/api/proof/consistency", room: "log" },
  { path: "/api/meta/*", room: "log" },
  { path: "/tuf/*", room: "trust" },
  { path: "/trusted_root.json", room: "trust" },
  { path: "/signing_config.json", room: "trust" },
  { path: "/client_trust_config.json", room: "trust" },
  { path: "/oidc/*", room: "oidc" },
];

const whole = new Map(ROOM_ROUTES.filter(({ path }) => !path.endsWith("*")).map(({ path, room }) => [path, room]));
const below = ROOM_ROUTES.filter(({ path }) => path.endsWith("/*")).map(
  ({ path, room }) => [path.slice(0, -1), room] as const,
);

/** The room of a path, null if there is none. A doubled slash counts as one, as in the rooms. */
export function roomOf(pathname: string): RoomName | null {
  const path = pathname.replace(/\/{2,}/g, "/");
  return whole.get(path) ?? below.find(([prefix]) => path.startsWith(prefix))?.[1] ?? null;
}
