// SPDX-License-Identifier: Apache-2.0
// The declaration of the monitor service: its settings, bindings and routes.

import { MONITOR } from "../../shared/deployment/bindings.ts";
import { type OwnSettingTexts, PUBLIC_URL, SHARDS } from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import type { LogReadsRpc } from "../../shared/rpc/log-reads.ts";
import { MONITOR_WAKE_PATH } from "../../shared/rpc/monitor.ts";
import type { Bindings, EntrypointBinding } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { parseTell, parseWatchSecrets } from "./settings/tell.ts";
import { parseWatches } from "./settings/watches.ts";

export const SETTINGS = {
  PUBLIC_URL,
  SHARDS,
  WATCHES: { need: "optional", isSplit: true, parse: parseWatches },
  OPERATOR_ALERTS: { need: "optional", parse: parseTell },
  WATCH_SECRETS: { need: "optional", isSecret: true, parse: parseWatchSecrets },
} as const satisfies SettingRows;

const LOG: EntrypointBinding<Service<LogReadsRpc>> = { kind: "entrypoint", service: "log", entrypoint: "LogReads" };

export const BINDINGS = { MONITOR, LOG } as const satisfies Bindings;

export const ROUTES = [
  { method: "GET", path: MONITOR_WAKE_PATH, handler: "wake", isInternal: true },
] as const satisfies readonly RouteRow[];

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  WATCHES:
    "JSON list of what teams watch: repositories, owners, issuers, names, keys ([watch.md](../watch.md#for-a-team)).",
  OPERATOR_ALERTS:
    "JSON object: who is told what `/healthz` reports, and of entries that cannot be read ([watch.md](../watch.md#for-the-operator)).",
  WATCH_SECRETS: 'JSON object of the secrets that `WATCHES` and `OPERATOR_ALERTS` name: `{"NAME": "whsec_…"}`.',
};

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  wake: { what: "Lets the monitor look at the logs soon. Only the deployment itself asks this.", spec: null },
};
