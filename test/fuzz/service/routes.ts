// SPDX-License-Identifier: Apache-2.0
// The routes that a stranger can call, as the services declare them.

import type { RouteRow } from "../../../shared/http/route.ts";
import { ROUTES as FRONT } from "../../../workers/front/declaration.ts";
import { DECLARED_ROUTES } from "../../../workers/front/routes.ts";

/** The routes that a stranger can call, each with its handler. */
export const FUZZED_ROUTES = ([...Object.values(DECLARED_ROUTES).flat(), ...FRONT] as readonly RouteRow[])
  .filter(({ isInternal }) => isInternal !== true)
  .flatMap((row) => (row.handler === undefined ? [] : [{ ...row, handler: row.handler }]));

export type FuzzedRoute = (typeof FUZZED_ROUTES)[number];
