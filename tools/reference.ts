// SPDX-License-Identifier: Apache-2.0
// `npm run reference`: writes docs/reference/settings.md and routes.md from the declarations of the services. A unit
// test fails while the committed pages differ from what this writes.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../cli/root.ts";
import { SHARED_SETTING_TEXTS } from "../shared/deployment/settings.ts";
import type { RouteRow, RouteText } from "../shared/http/route.ts";
import { LOG_KINDS } from "../shared/logs/kinds.ts";
import type { SettingRows } from "../shared/settings/setting.ts";
import * as ca from "../workers/ca/declaration.ts";
import * as front from "../workers/front/declaration.ts";
import * as log from "../workers/log/declaration.ts";
import * as monitor from "../workers/monitor/declaration.ts";
import * as oidc from "../workers/oidc/declaration.ts";
import * as sequencer from "../workers/sequencer/declaration.ts";
import * as trust from "../workers/trust/declaration.ts";
import * as tsa from "../workers/tsa/declaration.ts";
import * as web from "../workers/web/declaration.ts";
import * as witness from "../workers/witness/declaration.ts";
import { formatBytes } from "./docs/limits.ts";

const GENERATED = "<!-- Written by `npm run reference`. Edit workers/*/declaration.ts instead. -->";

/** Services in the order in which an operator meets their settings. */
const SETTINGS: Readonly<Record<string, SettingRows>> = {
  ca: ca.SETTINGS,
  tsa: tsa.SETTINGS,
  log: log.SETTINGS,
  sequencer: sequencer.SETTINGS,
  trust: trust.SETTINGS,
  oidc: oidc.SETTINGS,
  witness: witness.SETTINGS,
  monitor: monitor.SETTINGS,
  web: web.SETTINGS,
  gateway: front.SETTINGS,
};

const SETTING_TEXTS: Readonly<Record<string, string>> = {
  ...SHARED_SETTING_TEXTS,
  ...ca.SETTING_TEXTS,
  ...tsa.SETTING_TEXTS,
  ...log.SETTING_TEXTS,
  ...sequencer.SETTING_TEXTS,
  ...trust.SETTING_TEXTS,
  ...oidc.SETTING_TEXTS,
  ...witness.SETTING_TEXTS,
  ...monitor.SETTING_TEXTS,
};

interface DeclaredRoutes {
  readonly ROUTES: readonly RouteRow[];
  readonly ROUTE_TEXTS: Readonly<Record<string, RouteText>>;
}

const ROUTES: Readonly<Record<string, DeclaredRoutes>> = { ca, tsa, log, trust, oidc, witness, monitor, web, front };

const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(...head), row(...head.map(() => "---")), ...rows.map((cells) => row(...cells))].join("");

/** The text of docs/reference/settings.md. */
export function settingsPage(): string {
  const names = [...new Set(Object.values(SETTINGS).flatMap((rows) => Object.keys(rows)))];
  const rows = names.map((name) => {
    const services = Object.entries(SETTINGS).filter(([, settings]) => Object.hasOwn(settings, name));
    const declared = services.flatMap(([, settings]) => settings[name] ?? []);
    return [
      `\`${name}\`${declared.some(({ isSplit }) => isSplit) ? " …" : ""}`,
      services.length === Object.keys(SETTINGS).length ? "all" : services.map(([service]) => service).join(", "),
      declared.some(({ need }) => need === "required") ? "required" : "optional",
      declared.some(({ isSecret }) => isSecret) ? "secret" : "variable",
      SETTING_TEXTS[name] ?? "",
    ];
  });
  return `${GENERATED}

# Settings

\`sigedge init\` creates the required settings, and \`sigedge deploy\` uploads each setting to the Workers that read it. While a required
setting is missing, the Worker answers 503 on every route, and \`/healthz\` lists all that are missing. The services that read a wrong
setting answer 503 and name the problem. Empty text counts as missing.

${table(["setting", "services", "need", "kind", "what"], rows)}
A variable of a Worker holds at most 5 KB. A setting marked with … may be longer: its text continues in \`NAME_2\`, \`NAME_3\` and
\`NAME_4\`.
`;
}

/** The hosts that answer a route. */
function hostsOf(kinds: RouteRow["kinds"]): string {
  if (kinds === undefined) return "main";
  return kinds.length === Object.keys(LOG_KINDS).length ? "any log" : `${kinds.join(", ")} log`;
}

function routeRows(service: string, { ROUTES: rows, ROUTE_TEXTS: texts }: DeclaredRoutes): readonly string[][] {
  return rows
    .filter(({ handler, isInternal }) => handler !== undefined && isInternal !== true)
    .map(({ method = "", path, handler = "", kinds, maxBodyBytes }) => {
      const text = texts[handler];
      const body = maxBodyBytes === undefined ? "" : formatBytes(maxBodyBytes);
      return [method, `\`${path}\``, service, hostsOf(kinds), body, text?.what ?? "", text?.spec ?? ""];
    });
}

/** The text of docs/reference/routes.md. */
export function routesPage(): string {
  const rows = Object.entries(ROUTES).flatMap(([service, declared]) => routeRows(service, declared));
  return `${GENERATED}

# Routes

Every route is at the root of the deployment's host. \`GET\` also answers \`HEAD\`. \`*\` stands for any rest of the path, \`:name\` for
one segment. A doubled slash counts as one.

The column *hosts* says which hosts answer: *main* is the host of \`PUBLIC_URL\`; a *log* route is also answered by every host that
has a log of that kind, for its own log. Any other request to such a host, and any request to another host, is answered with 421.

The column *body* has the longest request body that a route reads. A longer one is rejected unread, with 413 or with 400 where the
reference does so.

Errors have the form that the clients of a route expect: JSON \`{"code","message","details"}\` with a gRPC code on the Fulcio and Rekor
routes, a line of text on tiles and CT routes. Routes without a spec are our own. A development stack on a loopback host also has
\`POST /oidc/dev/token\`, which issues a token for any e-mail address.

${table(["method", "path", "service", "hosts", "body", "what", "spec"], rows)}`;
}

if (import.meta.main) {
  const folder = join(ROOT, "docs", "reference");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "settings.md"), settingsPage());
  writeFileSync(join(folder, "routes.md"), routesPage());
}
