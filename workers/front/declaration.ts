// SPDX-License-Identifier: Apache-2.0
// The declaration of the front end, which the composed Worker and the gateway share: its settings and its own routes.

import { PUBLIC_URL, SHARDS } from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";

export const SETTINGS = { PUBLIC_URL, SHARDS } as const satisfies SettingRows;

export const ROUTES = [
  { method: "GET", path: "/healthz", handler: "health" },
  { method: "GET", path: "/metrics", limit: "reads", handler: "metrics" },
] as const satisfies readonly RouteRow[];

/** The pages that only some compositions have; elsewhere their paths are unknown. */
export type PageName = Exclude<HandlerName<typeof ROUTES>, "health">;

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  health: {
    what: "Answers 200 while everything is well, otherwise 503 with the problems and what to do. Every host answers.",
    spec: null,
  },
  metrics: {
    what: "Reports the state of the logs and the expiry times. The gateway does not have it.",
    spec: "[Prometheus](https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format)",
  },
};
