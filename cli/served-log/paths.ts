// SPDX-License-Identifier: Apache-2.0
// Paths of a service that commands read, from the declarations of the services. They start without a slash.

import { findPaths, type RouteRow } from "../../shared/http/route.ts";
import { LOG_KIND_NAMES, type LogKind } from "../../shared/logs/kinds.ts";
import { ROUTES as LOG } from "../../workers/log/declaration.ts";
import { ROUTES as TRUST } from "../../workers/trust/declaration.ts";

const strip = (path: string): string => path.slice(1);

/** The trusted root of a service. */
export const TRUSTED_ROOT_PATH = strip(findPaths(TRUST, "trustedRoot")[0]);

/** The list of a service's logs. */
export const LOGS_PATH = strip(findPaths(LOG, "logs")[0]);

const [META] = findPaths(LOG, "meta");
const [ENTRY] = findPaths(LOG, "entry");

/** A log of a service. */
export interface NamedLog {
  readonly kind: LogKind;
  readonly name: string;
}

/** A service that is asked for no log by its name answers for that of this kind. */
const [DEFAULT_KIND] = LOG_KIND_NAMES;

/** The sidecar of a bundle of a log. Older versions know no `?log=`, and have sidecars of the default kind alone. */
export function sidecarUrlPath(bundle: number, { kind, name }: NamedLog): string {
  const path = strip(META.replace(":bundle", String(bundle)));
  return kind === DEFAULT_KIND ? path : `${path}?log=${name}`;
}

/** An entry of the log with this name. */
export const entryUrlPath = (leafIndex: number, log: string): string =>
  `${strip(ENTRY.replace(":index", String(leafIndex)))}?log=${log}`;

const CHECKPOINT = "/checkpoint";
const LOG_ROWS: readonly RouteRow[] = LOG;

/** Whether a service serves the sidecars of a log of this kind. */
export const servesSidecars = (kind: LogKind): boolean =>
  LOG_ROWS.some(({ path, kinds }) => path === META && kinds?.includes(kind) === true);

/** The paths below a host, with their slash, at which a log of this kind is read: for Rekor v2 none and `/api/v2`. */
export const readPrefixes = (kind: LogKind): readonly string[] =>
  LOG_ROWS.filter(({ path, kinds }) => path.endsWith(CHECKPOINT) && kinds?.includes(kind) === true).map(({ path }) =>
    path.slice(0, -CHECKPOINT.length),
  );
