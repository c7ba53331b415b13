// SPDX-License-Identifier: Apache-2.0
// The declaration of the web service: its settings, bindings and routes. It holds no key.

import { READS } from "../../shared/deployment/bindings.ts";
import { PUBLIC_URL } from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import type { LogReadsRpc } from "../../shared/rpc/log-reads.ts";
import type { MonitorHeartbeatRpc } from "../../shared/rpc/monitor.ts";
import type { TrustStateRpc } from "../../shared/rpc/trust-state.ts";
import type { Bindings, EntrypointBinding } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";

export const SETTINGS = { PUBLIC_URL } as const satisfies SettingRows;

const LOG: EntrypointBinding<Service<LogReadsRpc>> = { kind: "entrypoint", service: "log", entrypoint: "LogReads" };
const TRUST: EntrypointBinding<Service<TrustStateRpc>> = {
  kind: "entrypoint",
  service: "trust",
  entrypoint: "TrustState",
};

const MONITOR: EntrypointBinding<Service<MonitorHeartbeatRpc>> = {
  kind: "entrypoint",
  service: "monitor",
  entrypoint: "MonitorHeartbeat",
};

export const BINDINGS = { READS, LOG, TRUST, MONITOR } as const satisfies Bindings;

const page = { method: "GET", limit: "reads" } as const;

export const ROUTES = [
  { ...page, path: "/", handler: "startPage" },
  { ...page, path: "/entry/:log/:index.sigstore.json", handler: "entryBundle" },
  { ...page, path: "/entry/:log/:index.pem", handler: "entryCertificate" },
  { ...page, path: "/entry/:log/:index", handler: "entryPage" },
  { path: "/entry/*" },
  { ...page, path: "/search", handler: "searchPage" },
  { ...page, path: "/search/meanings", handler: "meanings" },
  { ...page, path: "/search/evidence", handler: "searchEvidence" },
  { ...page, path: "/badge.svg", handler: "badge" },
  { ...page, path: "/identity-of/*", handler: "identityPage" },
  { ...page, path: "/logs", handler: "logsPage" },
  { ...page, path: "/verify", handler: "verifyPage" },
  { ...page, path: "/sign", handler: "signPage", isPrivate: true },
] as const satisfies readonly RouteRow[];

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  startPage: { what: "Shows the start page: a box to look up signatures, the logs, and how to use them.", spec: null },
  entryBundle: {
    what: "Returns a signature as a bundle without its timestamp, which only the signer has.",
    spec: "[bundle](https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto)",
  },
  entryCertificate: { what: "Returns the certificate of an entry.", spec: "RFC 7468 §5" },
  entryPage: { what: "Shows one entry of a log; JSON with `Accept: application/json`.", spec: null },
  searchPage: {
    what: "Shows the entries that the text in `?q=` names, or those of a search by the parameters of `/api/search`; JSON, CSV or Atom with `Accept`.",
    spec: null,
  },
  meanings: { what: "Returns what the box takes the text in `?q=` for, the likeliest first, as JSON.", spec: null },
  searchEvidence: {
    what: "Returns what the search of `/search` with the same parameters finds, with the signed heads of the logs, as a file to keep.",
    spec: "[checkpoint](https://c2sp.org/tlog-checkpoint)",
  },
  badge: {
    what: "Returns a picture that says how many entries a search finds, and when the newest was made.",
    spec: null,
  },
  identityPage: {
    what: "Shows the newest entries of the identity with this name, by month; JSON with `Accept: application/json`.",
    spec: null,
  },
  verifyPage: {
    what: "Verifies a file in the browser, by its bundle or by what the log has of it; `?log=` and `?index=` name an entry.",
    spec: null,
  },
  logsPage: { what: "Shows the logs and their health; JSON with `Accept: application/json`.", spec: null },
  signPage: {
    what: "Shows the page on which people sign files in their browser, and takes them back from a sign-in.",
    spec: "RFC 6749 §4.1.2",
  },
};
