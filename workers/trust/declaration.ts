// SPDX-License-Identifier: Apache-2.0
// The declaration of the trust service: its settings, bindings and routes. Composition, front end, CLI and
// documentation derive from these tables.

import { SEQUENCER } from "../../shared/deployment/bindings.ts";
import {
  OIDC_CONNECTORS,
  OTHER_CHAINS,
  type OwnSettingTexts,
  PUBLIC_URL,
  RETIRED_KEYS,
  SHARDS,
} from "../../shared/deployment/settings.ts";

import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import type { TufRepositoryRpc } from "../../shared/rpc/tuf-repository.ts";
import type { Bindings, ResourceBinding } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { TRUST_HEALTH_PATH } from "../../shared/trust/health.ts";
import { parseOidcProviders } from "../../shared/trust/oidc-providers.ts";
import { parseAuthorityChain } from "./documents/authority-chain.ts";

export const SETTINGS = {
  PUBLIC_URL,
  CA_CHAIN: { need: "required", parse: parseAuthorityChain },
  OTHER_CA_CHAINS: OTHER_CHAINS,
  TSA_CHAIN: { need: "required", parse: parseAuthorityChain },
  OTHER_TSA_CHAINS: OTHER_CHAINS,
  RETIRED_KEYS,
  OIDC_CONNECTORS,
  OIDC_PROVIDERS: { need: "optional", parse: parseOidcProviders },
  SHARDS,
  // The repository reports what is wrong with these two; the trusted root is served without them.
  TUF_KEY: { need: "optional", isSecret: true },
  TRUST_FILE: { need: "optional" },
} as const satisfies SettingRows;

/** The TUF repository: one Durable Object. */
const TUF: ResourceBinding<DurableObjectNamespace<TufRepositoryRpc>> = {
  kind: "durable_object",
  className: "TufRepository",
  owner: "trust",
};

export const BINDINGS = { SEQUENCER, TUF } as const satisfies Bindings;

export const ROUTES = [
  { method: "GET", path: "/tuf/*", handler: "tuf" },
  { method: "GET", path: "/trusted_root.json", handler: "trustedRoot" },
  { method: "GET", path: "/signing_config.json", handler: "signingConfig" },
  { method: "GET", path: "/client_trust_config.json", handler: "clientTrustConfig" },
  { method: "GET", path: TRUST_HEALTH_PATH, handler: "health", isInternal: true },
] as const satisfies readonly RouteRow[];

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  OTHER_TSA_CHAINS:
    "PEM chains of former and future timestamp authorities that clients trust, each with its root last.",
  OIDC_PROVIDERS:
    "JSON list of further OpenID providers at which people log in to sign ([identities.md](../identities.md#people)); by default none.",
  TUF_KEY:
    "PKCS#8 PEM, P-256: signs TUF snapshots and timestamps. Required where `deployment/trust.json` has a repository.",
  TRUST_FILE: "Text of a trust file in place of the bundled `deployment/trust.json`: for local stacks.",
};

const TUF_SPEC = "[TUF](https://theupdateframework.github.io/specification/v1.0.31/)";
const PROTOBUF_SPECS =
  "[protobuf-specs](https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto)";

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  tuf: {
    what: "Serves the TUF repository, every version of its root; timestamps are signed when they are read.",
    spec: TUF_SPEC,
  },
  trustedRoot: { what: "Returns the keys and certificates that verifiers trust.", spec: PROTOBUF_SPECS },
  signingConfig: { what: "Returns the URLs of the services that signers use.", spec: PROTOBUF_SPECS },
  clientTrustConfig: { what: "Returns trusted root and signing config in one document.", spec: PROTOBUF_SPECS },
  health: { what: "Lists the problems and expiry times of the trust root, for `/healthz`.", spec: null },
};
