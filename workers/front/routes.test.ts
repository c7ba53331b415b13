// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import type { RouteRow } from "../../shared/http/route.ts";
import { LOG_KIND_NAMES } from "../../shared/logs/kinds.ts";
import { ROUTES as CA } from "../ca/declaration.ts";
import { ROUTES as LOG } from "../log/declaration.ts";
import { ROUTES as MONITOR } from "../monitor/declaration.ts";
import { ROUTES as OIDC } from "../oidc/declaration.ts";
import { ROUTES as TRUST } from "../trust/declaration.ts";
import { ROUTES as TSA } from "../tsa/declaration.ts";
import { ROUTES as WEB } from "../web/declaration.ts";
import { ROUTES as WITNESS } from "../witness/declaration.ts";
import { isOfLog, SERVICE_ROUTES, type ServiceName, serviceOf } from "./routes.ts";

const DECLARED: Readonly<Record<ServiceName, readonly RouteRow[]>> = {
  ca: CA,
  tsa: TSA,
  log: LOG,
  trust: TRUST,
  oidc: OIDC,
  witness: WITNESS,
  monitor: MONITOR,
  web: WEB,
};
const ROWS = Object.entries(DECLARED).flatMap(([service, rows]) => rows.map((row) => ({ service, ...row })));
/** A path that the row's pattern matches. */
const exampleOf = ({ path }: RouteRow): string => path.replace(/[:*]\w*/g, "x");

const KNOWN: readonly (readonly [path: string, service: ServiceName])[] = [
  ["/api/v2/signingCert", "ca"],
  ["//api/v2/signingCert", "ca"],
  ["/api/v1/rootCert", "ca"],
  ["/api/v1/timestamp", "tsa"],
  ["/api/v1/timestamp/certchain", "tsa"],
  ["/api/v2/log/entries", "log"],
  ["/checkpoint", "log"],
  ["/api/v2/checkpoint", "log"],
  ["/tile/0/000", "log"],
  ["/tile/entries/x001/234.p/5", "log"],
  ["/api/v2/tile/8/x000/001", "log"],
  ["/ct/ct/v1/add-chain", "log"],
  ["/ct/checkpoint", "log"],
  ["/api/search", "log"],
  ["/api/entries/17", "log"],
  ["/api/entries/17.tlog-proof", "log"],
  ["/api/proof/inclusion", "log"],
  ["/api/proof/consistency", "log"],
  ["/api/meta/3", "log"],
  ["/tuf/timestamp.json", "trust"],
  ["/tuf//targets/00.trusted_root.json", "trust"],
  ["/trusted_root.json", "trust"],
  ["/signing_config.json", "trust"],
  ["/oidc/.well-known/openid-configuration", "oidc"],
  ["/witness/add-checkpoint", "witness"],
  ["/", "web"],
  ["/entry/signature/7", "web"],
  ["/search", "web"],
];

const UNKNOWN = [
  "/api",
  "/api/v2",
  "/api/v2/signingCert/",
  "/API/v2/signingCert",
  "/api/v2/signingCert%2f",
  "/tile",
  "/tiles/0/000",
  "/ct",
  "/ctx/checkpoint",
  "/oidc",
  "/witness",
  "/checkpoint/",
  "/constructor",
  "/__proto__",
  "/tuf",
  "/trust/health",
];

describe("the table of paths", () => {
  it.each(KNOWN)("%s belongs to %s", (path, service) => expect(serviceOf(path)).toBe(service));
  it.each(UNKNOWN)("%s belongs to no service", (path) => expect(serviceOf(path)).toBeNull());

  it.each(ROWS)("routes $path to $service, unless it is internal", (row) => {
    expect(serviceOf(exampleOf(row))).toBe(row.isInternal === true ? null : row.service);
  });

  it.each(ROWS)("lets hosts of the declared kinds of log answer $path, and no others", (row) => {
    for (const kind of LOG_KIND_NAMES) {
      expect([kind, isOfLog(exampleOf(row), [kind])]).toEqual([kind, row.kinds?.includes(kind) ?? false]);
    }
  });

  it("has no path of two services", () => {
    const owners = new Map<string, Set<string>>();
    for (const { path, service } of ROWS) owners.set(path, (owners.get(path) ?? new Set()).add(service));
    for (const [path, services] of owners) expect([path, services.size]).toEqual([path, 1]);
  });

  it("has no path twice", () => {
    const paths = SERVICE_ROUTES.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
  });
});
