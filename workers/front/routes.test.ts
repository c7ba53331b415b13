// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SERVICE_ROUTES, type ServiceName, serviceOf } from "./routes.ts";

const ACCEPTED: readonly (readonly [path: string, service: ServiceName])[] = [
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
];

const REFUSED = [
  "/",
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
  // Reserved for later parts of the service.
  "/api/v1/log/entries",
  "/api/v1/index/retrieve",
  "/tuf",
  "/trust/health",
];

describe("the table of paths", () => {
  it.each(ACCEPTED)("%s belongs to %s", (path, service) => expect(serviceOf(path)).toBe(service));
  it.each(REFUSED)("%s belongs to no service", (path) => expect(serviceOf(path)).toBeNull());
  it.each(["ca", "tsa", "log", "trust", "oidc", "witness"] as const)("has every path that %s serves", (service) => {
    const source = readFileSync(join(import.meta.dirname, "..", service, "index.ts"), "utf8");
    const paths = Array.from(source.matchAll(/"(\/[^"]*[^"/])"/g), ([, path = ""]) => path.replace(/[:*]\w*/g, "x"));
    expect(paths.length).toBeGreaterThan(1);
    for (const path of paths) expect([path, serviceOf(path)]).toEqual([path, service]);
  });

  it("has no path twice", () => {
    const paths = SERVICE_ROUTES.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
  });
});
