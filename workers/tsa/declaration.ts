// SPDX-License-Identifier: Apache-2.0
// The declaration of the tsa service: its settings, bindings and routes. Composition, front end, CLI and documentation
// derive from these tables.

import { parseEcdsaSigner } from "#private-key";
import { WRITES } from "../../shared/deployment/bindings.ts";
import { type OwnSettingTexts, PUBLIC_URL } from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import type { Bindings } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { parseTsaChain } from "./tsa-chain.ts";

export const SETTINGS = {
  PUBLIC_URL,
  TSA_CHAIN: { need: "required", parse: parseTsaChain },
  TSA_KEY: { need: "required", isSecret: true, parse: parseEcdsaSigner },
} as const satisfies SettingRows;

export const BINDINGS = { WRITES } as const satisfies Bindings;

/** A query has about 100 bytes. */
const MAX_QUERY_BYTES = 2048;

export const ROUTES = [
  {
    method: "POST",
    path: "/api/v1/timestamp",
    maxBodyBytes: MAX_QUERY_BYTES,
    limit: "timestamps",
    handler: "timestamp",
  },
  { method: "GET", path: "/api/v1/timestamp/certchain", handler: "certChain" },
] as const satisfies readonly RouteRow[];

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  TSA_KEY: "PKCS#8 PEM, P-256 or P-384: the key of the first certificate of `TSA_CHAIN`.",
};

const TSA_API = "[Sigstore TSA](https://github.com/sigstore/timestamp-authority/blob/main/openapi.yaml)";

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  timestamp: { what: "Returns a signed timestamp for a digest; the request is DER or JSON.", spec: "RFC 3161" },
  certChain: { what: "Returns the certificate chain of the timestamp authority as PEM.", spec: TSA_API },
};
