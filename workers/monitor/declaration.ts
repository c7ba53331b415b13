// SPDX-License-Identifier: Apache-2.0
// The declaration of the monitor service: its settings, bindings and routes.

import { MAIL, MONITOR, READS, WRITES } from "../../shared/deployment/bindings.ts";
import { OIDC_CONNECTORS, type OwnSettingTexts, PUBLIC_URL, SHARDS } from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import { WATCH_REDIRECT_PATH } from "../../shared/oauth/client/site.ts";
import type { LogReadsRpc } from "../../shared/rpc/log-reads.ts";
import { MONITOR_PROBLEMS_PATH, MONITOR_WAKE_PATH } from "../../shared/rpc/monitor.ts";
import type { OidcPeopleRpc } from "../../shared/rpc/oidc-people.ts";
import type { TrustStateRpc } from "../../shared/rpc/trust-state.ts";
import type { Bindings, EntrypointBinding } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { parseMailFrom, parseMailHeaders, parseMailTemplate, parseMailUrl } from "./settings/mail.ts";
import { parseTell, parseWatchSecrets } from "./settings/tell.ts";
import { parseWatches } from "./settings/watches.ts";

export const SETTINGS = {
  PUBLIC_URL,
  SHARDS,
  OIDC_CONNECTORS,
  WATCHES: { need: "optional", isSplit: true, parse: parseWatches },
  OPERATOR_ALERTS: { need: "optional", parse: parseTell },
  WATCH_SECRETS: { need: "optional", isSecret: true, parse: parseWatchSecrets },
  MAIL_URL: { need: "optional", parse: parseMailUrl },
  MAIL_FROM: { need: "optional", parse: parseMailFrom },
  MAIL_HEADERS: { need: "optional", isSecret: true, parse: parseMailHeaders },
  MAIL_BODY: { need: "optional", parse: parseMailTemplate },
} as const satisfies SettingRows;

const LOG: EntrypointBinding<Service<LogReadsRpc>> = { kind: "entrypoint", service: "log", entrypoint: "LogReads" };

const OIDC: EntrypointBinding<Service<OidcPeopleRpc>> = {
  kind: "entrypoint",
  service: "oidc",
  entrypoint: "OidcPeople",
};

const TRUST: EntrypointBinding<Service<TrustStateRpc>> = {
  kind: "entrypoint",
  service: "trust",
  entrypoint: "TrustState",
};

export const BINDINGS = { MONITOR, READS, WRITES, MAIL, LOG, OIDC, TRUST } as const satisfies Bindings;

/** A form has a sealed text and an address. */
const MAX_FORM_BYTES = 8 * 1024;
const form = { method: "POST", maxBodyBytes: MAX_FORM_BYTES, limit: "watches" } as const;

export const ROUTES = [
  { method: "GET", path: "/watch", limit: "reads", handler: "watchPage", isPrivate: true },
  { ...form, path: "/watch", handler: "changeWatches", isPrivate: true },
  { method: "GET", path: "/watch/sign-in", limit: "sign-ins", handler: "beginSignIn", isPrivate: true },
  { method: "GET", path: WATCH_REDIRECT_PATH, limit: "sign-ins", handler: "endSignIn", isPrivate: true },
  { ...form, path: "/watch/sign-out", handler: "signOut", isPrivate: true },
  { method: "GET", path: "/watch/stop", limit: "reads", handler: "stopPage", isPrivate: true },
  { ...form, path: "/watch/stop", handler: "stopWatch", isPrivate: true },
  { method: "GET", path: "/feed/*", limit: "reads", handler: "feed" },
  { method: "GET", path: MONITOR_WAKE_PATH, handler: "wake", isInternal: true },
  { method: "GET", path: MONITOR_PROBLEMS_PATH, handler: "problems", isInternal: true },
] as const satisfies readonly RouteRow[];

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  WATCHES:
    "JSON list of what teams watch: repositories, owners, issuers, names, keys ([watch.md](../watch.md#for-a-team)).",
  OPERATOR_ALERTS:
    "JSON object: who is told what `/healthz` reports, and of entries that cannot be read ([watch.md](../watch.md#for-the-operator)).",
  MAIL_URL:
    "`https://…`: the mail API to which mails are posted ([watch.md](../watch.md#mail)). Without it, Cloudflare's mail service sends them.",
  MAIL_FROM: "The sender of mails: an address, or `Name <address>`. Without it, nobody is told by mail.",
  MAIL_HEADERS: 'JSON object of the headers that the mail API wants: `{"authorization": "Bearer …"}`.',
  MAIL_BODY:
    "JSON that the mail API takes, with `{{from}}`, `{{to}}`, `{{subject}}`, `{{text}}`, `{{unsubscribe}}` and `{{unsubscribe-post}}` in its texts.",
  WATCH_SECRETS: 'JSON object of the secrets that `WATCHES` and `OPERATOR_ALERTS` name: `{"NAME": "whsec_…"}`.',
};

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  watchPage: { what: "Shows the page on which people watch their own name.", spec: null },
  changeWatches: { what: "Takes the person's answer: begins, tests, resumes or ends a watch.", spec: null },
  beginSignIn: { what: "Begins a sign-in for that page.", spec: "RFC 6749 §4.1.1" },
  endSignIn: { what: "Takes the browser back from that sign-in.", spec: "RFC 6749 §4.1.2" },
  signOut: { what: "Ends the session of that page.", spec: null },
  stopPage: { what: "Asks whether to end the watch that a message names.", spec: null },
  stopWatch: {
    what: "Ends the watch that a message names, without a sign-in.",
    spec: "[RFC 8058](https://www.rfc-editor.org/rfc/rfc8058)",
  },
  feed: {
    what: "Returns the newest entries of a name (`/feed/alice@example.com`), or of a search (`/feed/search?…`, by the parameters of `/api/search`), as an Atom feed.",
    spec: "[RFC 4287](https://www.rfc-editor.org/rfc/rfc4287)",
  },
  wake: { what: "Lets the monitor look at the logs soon. Only the deployment itself asks this.", spec: null },
  problems: { what: "Says what is wrong with the monitor. Only the deployment itself asks this.", spec: null },
};
