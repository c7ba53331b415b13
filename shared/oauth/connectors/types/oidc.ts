// SPDX-License-Identifier: Apache-2.0
// The configuration of a connector to any OpenID provider: dex's `oidc`, less what would make an address count that
// nobody has verified. Okta, Keycloak and Auth0 are of this type.
// Spec: https://dexidp.io/docs/connectors/oidc/

import type { Fields } from "../../../identity/configuration/section.ts";
import { parseIssuerUrl } from "../../../oidc/issuer-url.ts";
import { ADDRESS_DOMAINS, type AdmissionPolicy, GROUPS, readDomains, readPolicy, readTexts } from "../policy.ts";
import { COMMON_MEMBERS, type ConnectorType, checkScopes, readClientId } from "./connector-type.ts";

export interface OidcConfig {
  /** `iss` of the provider's tokens, byte for byte. */
  readonly issuer: string;
  readonly clientId: string;
  /** Asked for beside `openid` and `email`. */
  readonly scopes: readonly string[];
  /** The place of the client secret: dex's `basicAuthUnsupported` chooses the body. */
  readonly clientAuthentication: "basic" | "body";
  /** `prompt` of every request; null for none. */
  readonly prompt: string | null;
  /** The claims that hold the address and the groups. */
  readonly claims: { readonly email: string; readonly groups: string };
  /** An address in these domains counts as verified where the provider does not say; never where it says no. */
  readonly trustedDomains: readonly string[];
  readonly policy: AdmissionPolicy;
}

/** Members that several types share. */
export const SHARED_MEMBERS = {
  scopes: "scopes to ask for beside `openid` and `email`",
  promptType: "`prompt` of every request, such as `select_account`",
  trustedDomains: "addresses in these domains count as verified where the provider does not say",
} as const;

export const OIDC_CONNECTOR: ConnectorType<OidcConfig> = {
  what: "Any OpenID provider: Okta, Keycloak, Auth0 and others",
  members: {
    issuer: "`iss` of the provider's tokens; its discovery document is below it",
    ...COMMON_MEMBERS,
    scopes: SHARED_MEMBERS.scopes,
    basicAuthUnsupported: "`true`: the client secret goes into the body of the request",
    promptType: SHARED_MEMBERS.promptType,
    claimMapping: "`{email, groups}`: the claims that hold the address and the groups",
    trustedDomains: SHARED_MEMBERS.trustedDomains,
    ...ADDRESS_DOMAINS,
    ...GROUPS,
  },
  refused: {
    insecureEnableGroups: "is not needed: remove it, and list the groups as allowedGroups",
    getUserInfo: "is not needed: remove it; the userinfo endpoint is asked for what the identity token lacks",
    userIDKey: "is not supported: the id of a person is `sub`, which providers do not give to somebody else",
  },
  read: readOidcConfig,
  idOf: ({ issuer }) => issuer,
  nameOf: ({ issuer }) => new URL(issuer).hostname,
};

function readOidcConfig(fields: Fields): OidcConfig | null {
  const issuer = readProviderUrl(fields, "issuer");
  if (fields.get("issuer") === null) fields.report("issuer", "is missing");
  const clientId = readClientId(fields);
  const claims = fields.get("claimMapping")?.fields(["email", "groups"]) ?? null;
  const read = {
    scopes: checkScopes(fields, readTexts(fields.get("scopes"))),
    clientAuthentication: fields.flag("basicAuthUnsupported", false) ? "body" : "basic",
    prompt: fields.text("promptType"),
    claims: { email: claims?.text("email") ?? "email", groups: claims?.text("groups") ?? "groups" },
    trustedDomains: readDomains(fields.get("trustedDomains")),
    policy: readPolicy(fields),
  } as const;
  return issuer === null || clientId === null ? null : { ...read, issuer, clientId };
}

/** Reads the URL of a provider; null if it is absent or reported. */
export function readProviderUrl(fields: Fields, name: string): string | null {
  const issuer = fields.text(name);
  if (issuer === null) return null;
  const url = parseIssuerUrl(issuer);
  if (url.ok) return issuer;
  fields.report(name, url.error.reason);
  return null;
}
