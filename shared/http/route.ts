// SPDX-License-Identifier: Apache-2.0
// A service's declaration of its routes. The front end's table and the service's router both derive from these rows.

import type { LogKind } from "../logs/kinds.ts";
import type { WriteLimit } from "./rate-gate.ts";

/** One row of a service's routes. */
export type RouteRow = PathRow & (BodylessRow | BodyRow);

interface BodylessRow {
  /** A `GET` also answers HEAD. */
  readonly method?: "GET";
  readonly maxBodyBytes?: never;
  /**
   * `reads`: every request reaches an object or D1. Without it, none does, or the handler counts those that do, because
   * caches answer most of them. `sign-ins`: a request may make one to a provider at which people sign in.
   */
  readonly limit?: "reads" | "sign-ins";
}

interface BodyRow {
  readonly method: "POST";
  /** A longer body is rejected unread. Several times what a real request has. */
  readonly maxBodyBytes: number;
  /** The limit that the request counts against, for its client's network. */
  readonly limit: WriteLimit | "reads";
}

interface PathRow {
  /** A whole path, or an itty-router pattern: `/tuf/*`, `/ct/issuer/:fingerprint`. */
  readonly path: string;
  /**
   * The service's handler. A row without one reserves the paths below `/*`, which the service answers with its own 404.
   */
  readonly handler?: string;
  /**
   * Every host that has a log of one of these kinds answers the route, each for its own log. Without it, only the
   * host of PUBLIC_URL answers.
   */
  readonly kinds?: readonly LogKind[];
  /** Pages of other origins may not read the answers, which belong to one browser or one client. */
  readonly isPrivate?: true;
  /** Pages of any origin may send the request, with a body too, and read its answer. */
  readonly isOpen?: true;
  /** Reached by the front end's own requests only, never from outside. */
  readonly isInternal?: true;
}

/** The names of the handlers that a table of routes needs. */
export type HandlerName<Rows extends readonly RouteRow[]> = NonNullable<
  Extract<Rows[number], { readonly handler: string }>["handler"]
>;

/** The names of the handlers of POST routes. */
type BodyHandlerName<Rows extends readonly RouteRow[]> = HandlerName<readonly Extract<Rows[number], BodyRow>[]>;

/** The limit that a table of routes declares for the body that a handler reads. */
export function maxBodyBytesOf<const Rows extends readonly RouteRow[]>(
  rows: Rows,
  handler: BodyHandlerName<Rows>,
): number {
  const row = rows.find((one) => one.handler === handler);
  if (row?.method !== "POST") throw new TypeError(`${handler} reads no body`);
  return row.maxBodyBytes;
}

/** The paths that a table of routes declares for a handler, in their order. */
export function findPaths<const Rows extends readonly RouteRow[]>(
  rows: Rows,
  handler: HandlerName<Rows>,
): readonly [string, ...string[]] {
  const [first, ...more] = rows.filter((one) => one.handler === handler).map(({ path }) => path);
  if (first === undefined) throw new TypeError(`no route has the handler ${handler}`);
  return [first, ...more];
}

/** The text of the reference documentation on a handler's routes. */
export interface RouteText {
  /** One line. */
  readonly what: string;
  /** The specification that the route follows, null for our own. */
  readonly spec: string | null;
}
