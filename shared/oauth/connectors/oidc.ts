// SPDX-License-Identifier: Apache-2.0
// The configuration of a connector to any OpenID provider: dex's `oidc`, less what would make an address count that
// nobody has verified. Spec: https://dexidp.io/docs/connectors/oidc/

import type { Fields, Section } from "../../identity/configuration/section.ts";
import { parseIssuerUrl } from "../../oidc/issuer-url.ts";
import type { ConnectorType } from "./connector-type.ts";
import { type AdmissionPolicy, POLICY_MEMBERS, readPolicy, readTexts } from "./policy.ts";

export interface OidcConfig {
  /** `iss` of the provider's tokens, byte for byte. */
  readonly issuer: string;
  readonly clientId: string;
  /** Asked for beside `openid` and `email`. */
  readonly scopes: readonly string[];
  /** Where the client secret goes: dex's `basicAuthUnsupported` chooses the body. */
  readonly clientAuthentication: "basic" | "body";
  /** `prompt` of every request; null for none. */
  readonly prompt: string | null;
  /** The claims that hold the address and the groups. */
  readonly claims: { readonly email: string; readonly groups: string };
  /** An address in these domains counts as verified where the provider says nothing of it; never where it says no. */
  readonly trustedDomains: readonly string[];
  readonly policy: AdmissionPolicy;
}

const MEMBERS = [
  "issuer",
  "clientID",
  "scopes",
  "basicAuthUnsupported",
  "promptType",
  "claimMapping",
  "trustedDomains",
  ...POLICY_MEMBERS,
];
/** Members of dex's that are refused, each with what to do. */
const REFUSED: Readonly<Record<string, string>> = {
  clientSecret: "is a secret and has a place of its own: OIDC_CONNECTOR_SECRETS",
  insecureSkipEmailVerified: "is not supported: list the domains that this provider vouches for as trustedDomains",
};
const CLIENT_ID = /^[\x21-\x7e]{1,512}$/;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

export const OIDC_CONNECTOR: ConnectorType<OidcConfig> = {
  read: readOidcConfig,
  idOf: ({ issuer }) => issuer,
  nameOf: ({ issuer }) => new URL(issuer).hostname,
};

function readOidcConfig(section: Section): OidcConfig | null {
  for (const [name, member] of section.entries()) {
    if (Object.hasOwn(REFUSED, name)) member.report(REFUSED[name] ?? "");
  }
  const fields = section.fields([...MEMBERS, ...Object.keys(REFUSED)], MEMBERS);
  const issuer = readIssuer(fields);
  const clientId = readClientId(fields);
  const claims = fields.get("claimMapping")?.fields(["email", "groups"]) ?? null;
  const scopes = readTexts(fields.get("scopes"));
  if (scopes.some((scope) => !SCOPE.test(scope))) fields.report("scopes", "must be scopes, without spaces");
  const read = {
    scopes: scopes.filter((scope) => scope !== "openid" && scope !== "email"),
    clientAuthentication: fields.flag("basicAuthUnsupported", false) ? "body" : "basic",
    prompt: fields.text("promptType"),
    claims: { email: claims?.text("email") ?? "email", groups: claims?.text("groups") ?? "groups" },
    trustedDomains: readTexts(fields.get("trustedDomains")).map((domain) => domain.toLowerCase()),
    policy: readPolicy(fields),
  } as const;
  return issuer === null || clientId === null ? null : { ...read, issuer, clientId };
}

function readIssuer(fields: Fields): string | null {
  const issuer = fields.text("issuer");
  if (issuer === null) {
    if (fields.get("issuer") === null) fields.report("issuer", "is missing");
    return null;
  }
  const url = parseIssuerUrl(issuer);
  if (url.ok) return issuer;
  fields.report("issuer", url.error.reason);
  return null;
}

/** Reads `clientID`, by which the provider knows this deployment. Reports a missing one. */
function readClientId(fields: Fields): string | null {
  const clientId = fields.text("clientID");
  if (clientId !== null && CLIENT_ID.test(clientId)) return clientId;
  fields.report("clientID", "must be the client id that the provider gave this deployment");
  return null;
}
