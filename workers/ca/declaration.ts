// SPDX-License-Identifier: Apache-2.0
// The declaration of the ca service: its settings, bindings and routes. Composition, front end, CLI and documentation
// derive from these tables.

import { SEQUENCER, WRITES } from "../../shared/deployment/bindings.ts";
import {
  OIDC_CONNECTORS,
  OTHER_CHAINS,
  type OwnSettingTexts,
  PUBLIC_URL,
  RETIRED_KEYS,
  SHARDS,
} from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import type { OidcKeysRpc } from "../../shared/rpc/oidc-keys.ts";
import type { UsedTokensRpc } from "../../shared/rpc/used-tokens.ts";
import type { Bindings, EntrypointBinding, ResourceBinding } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { parseLifetime } from "./issuing/lifetime.ts";
import { parseCaChain } from "./signer/ca-chain.ts";

export const SETTINGS = {
  PUBLIC_URL,
  CA_CHAIN: { need: "required", parse: parseCaChain },
  // Whether a signer on a loopback host is accepted depends on the composition, so env.ts parses it.
  CA_KEY: { need: "required", isSecret: true },
  // Parsed together with PUBLIC_URL, whose issuer is built in. Required, so that nobody lets the world in by omission;
  // older deployments have none, and their logs stay readable.
  ISSUERS: {
    need: "required",
    stopsServiceOnly: true,
    isSplit: true,
    whenMissing:
      'list whose identity tokens the CA accepts, or write "public" for all issuers of Sigstore\'s public instance (docs/identities.md)',
  },
  OTHER_CA_CHAINS: OTHER_CHAINS,
  RETIRED_KEYS,
  OIDC_CONNECTORS,
  CERTIFICATE_LIFETIME: { need: "optional", parse: parseLifetime },
  SHARDS,
} as const satisfies SettingRows;

/** Identity tokens that have been used: one Durable Object per issuer. */
const USED_TOKENS: ResourceBinding<DurableObjectNamespace<UsedTokensRpc>> = {
  kind: "durable_object",
  className: "UsedTokens",
  owner: "ca",
};

/** Limits the certificates of one identity. */
const IDENTITIES: ResourceBinding<RateLimit> = {
  kind: "rate_limit",
  namespaceId: "2004",
  limit: 1000,
  periodSeconds: 60,
};

/** The keys of the built-in issuer. */
const OIDC: EntrypointBinding<Service<OidcKeysRpc>> = { kind: "entrypoint", service: "oidc", entrypoint: "OidcKeys" };

export const BINDINGS = { SEQUENCER, USED_TOKENS, WRITES, IDENTITIES, OIDC } as const satisfies Bindings;

/** Requests have about 3 KiB. The largest has a token of 16 KiB, and a key of 800 bytes with its proof or a CSR. */
const MAX_REQUEST_BYTES = 64 * 1024;

export const ROUTES = [
  {
    method: "POST",
    path: "/api/v2/signingCert",
    maxBodyBytes: MAX_REQUEST_BYTES,
    limit: "certificates",
    handler: "signingCertificate",
  },
  { method: "GET", path: "/api/v2/trustBundle", handler: "trustBundle" },
  { method: "GET", path: "/api/v2/configuration", handler: "configuration" },
  {
    method: "POST",
    path: "/api/v1/signingCert",
    maxBodyBytes: MAX_REQUEST_BYTES,
    limit: "certificates",
    handler: "legacySigningCertificate",
  },
  { method: "GET", path: "/api/v1/rootCert", handler: "legacyRootCertificate" },
  {
    method: "POST",
    path: "/api/identity/explain",
    maxBodyBytes: MAX_REQUEST_BYTES,
    limit: "certificates",
    handler: "explain",
  },
] as const satisfies readonly RouteRow[];

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  CA_KEY:
    "The issuing CA's key, P-256 or P-384: PKCS#8 PEM, or the URL of a key in Vault ([identities.md](../identities.md#a-ca-key-in-vault)).",
  ISSUERS:
    "JSON list of the OpenID issuers accepted ([identities.md](../identities.md)), or `public` for those of Sigstore's public instance, which admit everyone.",
  CERTIFICATE_LIFETIME: "Lifetime of a signing certificate: 60 to 3600 seconds; by default 600.",
};

const FULCIO = "[Fulcio](https://github.com/sigstore/fulcio/blob/main/fulcio.proto)";
const FULCIO_V1 = "[Fulcio v1](https://github.com/sigstore/fulcio/blob/main/fulcio_legacy.proto)";

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  signingCertificate: {
    what: "Issues a certificate, with embedded SCT, for an identity token and a proof of possession.",
    spec: FULCIO,
  },
  trustBundle: { what: "Lists the CA chains: the current one, then former and future ones.", spec: FULCIO },
  configuration: { what: "Lists the accepted issuers and the challenge claim of each.", spec: FULCIO },
  legacySigningCertificate: {
    what: "Issues a certificate as PEM, for gitsign and cosign 2; the token is in the header.",
    spec: FULCIO_V1,
  },
  legacyRootCertificate: { what: "Returns the CA chains as PEM.", spec: FULCIO_V1 },
  explain: {
    what: "Tells which certificate a token would yield, or which check rejects it; issues nothing.",
    spec: null,
  },
};
