// SPDX-License-Identifier: Apache-2.0
// The declaration of the oidc service: its settings, bindings and routes. Composition, front end, CLI and documentation
// derive from these tables.

import { READS, WRITES } from "../../shared/deployment/bindings.ts";
import { OIDC_CONNECTORS, type OwnSettingTexts, PUBLIC_URL, RETIRED_KEYS } from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import { parseConnectorSecrets } from "../../shared/oauth/connectors/secrets.ts";
import { parseClients } from "../../shared/oauth/request/clients.ts";
import { parseSealKeys, parseSubjectKey } from "../../shared/oauth/seal/secrets.ts";
import { parseSubjectEncoding } from "../../shared/oauth/tokens/subject.ts";
import type { GrantsRpc } from "../../shared/rpc/grants.ts";
import type { Bindings, ResourceBinding } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { parseDeviceFlow, parseSwitch } from "./provider/switches.ts";
import { parseOtherKeys, parseTokenKey } from "./token-keys.ts";

export const SETTINGS = {
  PUBLIC_URL,
  OIDC_KEY: { need: "required", isSecret: true, parse: parseTokenKey },
  OTHER_OIDC_KEYS: { need: "optional", isSplit: true, parse: parseOtherKeys },
  RETIRED_KEYS,
  OIDC_CONNECTORS,
  OIDC_CONNECTOR_SECRETS: { need: "optional", isSecret: true, parse: parseConnectorSecrets },
  // Required where there is a connector; env.ts says so.
  OIDC_SEAL_KEY: { need: "optional", isSecret: true, parse: parseSealKeys },
  OIDC_SUBJECT_KEY: { need: "optional", isSecret: true, parse: parseSubjectKey },
  OIDC_SUBJECT: { need: "optional", parse: parseSubjectEncoding },
  OIDC_CLIENTS: { need: "optional", isSplit: true, parse: parseClients },
  OIDC_DEVICE: { need: "optional", parse: parseDeviceFlow },
  OIDC_OOB: { need: "optional", parse: parseSwitch },
} as const satisfies SettingRows;

/** Codes and waiting devices: one Durable Object. */
const GRANTS: ResourceBinding<DurableObjectNamespace<GrantsRpc>> = {
  kind: "durable_object",
  className: "Grants",
  owner: "oidc",
};

export const BINDINGS = { GRANTS, READS, WRITES } as const satisfies Bindings;

/** A form has a sealed ticket of at most 16 KiB, or a code and its verifier. */
const MAX_FORM_BYTES = 32 * 1024;
const form = { method: "POST", maxBodyBytes: MAX_FORM_BYTES } as const;

/** Steps that make a request to a connector's provider count as sign-ins, not as reads: the provider counts as well. */
export const ROUTES = [
  { method: "GET", path: "/oidc/.well-known/openid-configuration", handler: "discovery" },
  { method: "GET", path: "/oidc/jwks", handler: "jwks" },
  { method: "GET", path: "/oidc/keys", handler: "jwks" },
  { method: "GET", path: "/oidc/auth", limit: "sign-ins", handler: "authorize" },
  { ...form, path: "/oidc/auth", limit: "sign-ins", handler: "authorizeByForm" },
  { method: "GET", path: "/oidc/auth/:connector", limit: "sign-ins", handler: "choose", isPrivate: true },
  { method: "GET", path: "/oidc/callback/:connector", limit: "sign-ins", handler: "callback", isPrivate: true },
  { ...form, path: "/oidc/confirm", limit: "sign-ins", handler: "confirm" },
  { ...form, path: "/oidc/token", limit: "tokens", handler: "token" },
  { ...form, path: "/oidc/device/code", limit: "devices", handler: "deviceCode" },
  { method: "GET", path: "/oidc/device", limit: "reads", handler: "devicePage" },
  { ...form, path: "/oidc/device", limit: "sign-ins", handler: "deviceForm" },
  { path: "/oidc/*" },
] as const satisfies readonly RouteRow[];

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  OIDC_KEY: "PKCS#8 PEM, RSA of 2048 to 4096 bits: signs the tokens of the built-in issuer.",
  OTHER_OIDC_KEYS: "PEM public keys of the built-in issuer: former ones and the next one, at most 16.",
  OIDC_CONNECTOR_SECRETS: 'JSON object of the connectors\' client secrets, by slug: `{"google": "…"}`.',
  OIDC_SEAL_KEY:
    "1 to 4 secrets of 32 bytes in base64url, the one in use first: they seal a sign-in while it is under way. Required with a connector.",
  OIDC_SUBJECT_KEY:
    "32 bytes in base64url: makes the `sub` of tokens. Permanent; with another one, everybody gets another `sub`. Required with a connector.",
  OIDC_SUBJECT:
    "`private` (default): `sub` is a keyed hash; `dex`: `sub` holds the provider's id of the person, as dex writes it.",
  OIDC_CLIENTS:
    "JSON list of further public clients, `{id, name, redirectURIs, audience}` ([sign-in.md](../sign-in.md#other-clients)).",
  OIDC_DEVICE:
    "Sign-in by a code that another device shows: `on` (default), `same-network`: only from the network of the device, or `off`.",
  OIDC_OOB: "Sign-in by a code that the person copies into a terminal: `on` (default) or `off`.",
};

const OAUTH = "[RFC 6749](https://www.rfc-editor.org/rfc/rfc6749)";
const DEVICE = "[RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)";

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  discovery: {
    what: "Returns the metadata of the built-in issuer.",
    spec: "[OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html)",
  },
  jwks: { what: "Returns the public keys of the built-in issuer.", spec: "RFC 7517 §5" },
  authorize: { what: "Begins a sign-in: authorization code with PKCE.", spec: `${OAUTH} §4.1.1` },
  authorizeByForm: {
    what: "Begins a sign-in by a form.",
    spec: "[OpenID Connect Core](https://openid.net/specs/openid-connect-core-1_0.html) §3.1.2.1",
  },
  choose: { what: "Goes on to the connector that the person chose.", spec: null },
  callback: { what: "Takes the browser back from a connector.", spec: `${OAUTH} §4.1.2` },
  confirm: { what: "Takes the person's answer: grants the sign-in or refuses it.", spec: null },
  token: { what: "Redeems a code, or answers a waiting device.", spec: `${OAUTH} §4.1.3` },
  deviceCode: { what: "Begins a sign-in by a code that another device shows.", spec: `${DEVICE} §3.1` },
  devicePage: { what: "Asks the person for that code.", spec: `${DEVICE} §3.3` },
  deviceForm: { what: "Takes that code.", spec: `${DEVICE} §3.3` },
};
