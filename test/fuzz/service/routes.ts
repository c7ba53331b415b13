// SPDX-License-Identifier: Apache-2.0
// The routes that a stranger can call, as the services declare them.

import type { RouteRow } from "../../../shared/http/route.ts";
import { ROUTES as CA } from "../../../workers/ca/declaration.ts";
import { ROUTES as FRONT } from "../../../workers/front/declaration.ts";
import { ROUTES as LOG } from "../../../workers/log/declaration.ts";
import { ROUTES as OIDC } from "../../../workers/oidc/declaration.ts";
import { ROUTES as TRUST } from "../../../workers/trust/declaration.ts";
import { ROUTES as TSA } from "../../../workers/tsa/declaration.ts";
import { ROUTES as WEB } from "../../../workers/web/declaration.ts";
import { ROUTES as WITNESS } from "../../../workers/witness/declaration.ts";

/** The routes that a stranger can call, each with its handler. */
export const FUZZED_ROUTES = (
  [...CA, ...LOG, ...OIDC, ...TRUST, ...TSA, ...WITNESS, ...WEB, ...FRONT] as readonly RouteRow[]
)
  .filter(({ isInternal }) => isInternal !== true)
  .flatMap((row) => (row.handler === undefined ? [] : [{ ...row, handler: row.handler }]));

export type FuzzedRoute = (typeof FUZZED_ROUTES)[number];
