// SPDX-License-Identifier: Apache-2.0
// The declaration of the oidc service: its settings, bindings and routes. Composition, front end, CLI and documentation
// derive from these tables.

import { type OwnSettingTexts, PUBLIC_URL, RETIRED_KEYS } from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import type { Bindings } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { parseOtherKeys, parseTokenKey } from "./token-keys.ts";

export const SETTINGS = {
  PUBLIC_URL,
  OIDC_KEY: { need: "required", isSecret: true, parse: parseTokenKey },
  OTHER_OIDC_KEYS: { need: "optional", isSplit: true, parse: parseOtherKeys },
  RETIRED_KEYS,
} as const satisfies SettingRows;

export const BINDINGS = {} as const satisfies Bindings;

export const ROUTES = [
  { method: "GET", path: "/oidc/.well-known/openid-configuration", handler: "discovery" },
  { method: "GET", path: "/oidc/jwks", handler: "jwks" },
  { path: "/oidc/*" },
] as const satisfies readonly RouteRow[];

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  OIDC_KEY: "PKCS#8 PEM, RSA of 2048 to 4096 bits: signs the tokens of the built-in issuer.",
  OTHER_OIDC_KEYS: "PEM public keys of the built-in issuer: former ones and the next one, at most 16.",
};

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  discovery: {
    what: "Returns the metadata of the built-in issuer.",
    spec: "[OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html)",
  },
  jwks: { what: "Returns the public keys of the built-in issuer.", spec: "RFC 7517 §5" },
};
