// SPDX-License-Identifier: Apache-2.0
// Makes the configured connectors: one row for each type.

import type { ConnectorConfig } from "../../../shared/oauth/connectors/connectors.ts";
import { GOOGLE_ISSUER, type GoogleConfig } from "../../../shared/oauth/connectors/types/google.ts";
import type { MicrosoftConfig } from "../../../shared/oauth/connectors/types/microsoft.ts";
import { claimOf } from "../../../shared/oidc/claims.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Connector } from "./connector.ts";
import { createBitbucketConnector } from "./oauth/bitbucket.ts";
import { createGithubConnector } from "./oauth/github.ts";
import { createOpenIdConnector, type OpenIdOptions, oneIssuer } from "./openid/connector.ts";
import { type IdentityRules, identityOf, STANDARD_CLAIMS } from "./openid/identity.ts";
import { entraIdentityOf, entraIssuer, entraMetadataAt } from "./openid/microsoft.ts";
import type { UpstreamTools } from "./upstream.ts";

/** Everything that a connector uses beside its configuration. */
export interface ConnectorTools extends UpstreamTools {
  readonly clientSecret: string;
  readonly now: () => UnixMs;
}

/** Makes a connector. */
export function createConnector(row: ConnectorConfig, tools: ConnectorTools): Connector {
  const { id, slug, name } = row;
  const identity = { id, slug, name };
  switch (row.type) {
    case "github":
      return createGithubConnector(row.config, { ...tools, identity });
    case "bitbucket-cloud":
      return createBitbucketConnector(row.config, { ...tools, identity });
    case "google":
    case "microsoft":
    case "gitlab":
    case "access":
    case "oidc":
      return createOpenIdConnector({ ...tools, identity, kind: row.type, ...openIdOptions(row) });
    default:
      return unreachable(row);
  }
}

type OpenIdRow = Extract<ConnectorConfig, { type: "google" | "microsoft" | "gitlab" | "access" | "oidc" }>;
type OpenIdPart = Omit<OpenIdOptions, keyof ConnectorTools | "identity" | "kind">;

/** Returns the options in which OpenID providers differ. */
function openIdOptions(row: OpenIdRow): OpenIdPart {
  switch (row.type) {
    case "google":
      return googleOptions(row.config);
    case "microsoft":
      return microsoftOptions(row.config);
    case "gitlab": {
      const { issuer, clientId, policy } = row.config;
      return {
        ...optionsOf(issuer, { clientId }),
        ...judgeBy({ claims: STANDARD_CLAIMS, trustedDomains: [], policy }),
      };
    }
    case "access": {
      const { team, clientId, trustedDomains, policy } = row.config;
      const issuer = `${team}/cdn-cgi/access/sso/oidc/${clientId}`;
      return {
        ...optionsOf(issuer, { clientId, scopes: policy.allowedGroups.length === 0 ? [] : ["groups"] }),
        // Access has been seen to sign with the team as issuer and with the application as issuer. Both are the team's.
        issuer: { metadata: issuer, of: (claims) => (claimOf(claims, "iss") === team ? team : issuer) },
        ...judgeBy({ claims: STANDARD_CLAIMS, trustedDomains, policy }),
      };
    }
    case "oidc":
      return { ...optionsOf(row.config.issuer, row.config), ...judgeBy(row.config) };
    default:
      return unreachable(row);
  }
}

interface ClientOptions {
  readonly clientId: string;
  readonly clientAuthentication?: "basic" | "body";
  readonly scopes?: readonly string[];
  readonly prompt?: string | null;
}

/** @param issuer its discovery document is below it */
const optionsOf = (
  issuer: string,
  { clientId, clientAuthentication = "basic", scopes = [], prompt = null }: ClientOptions,
): Omit<OpenIdPart, "identityOf" | "emailClaim" | "neededClaims"> => ({
  metadataAt: issuer,
  issuer: oneIssuer(issuer),
  clientId,
  clientAuthentication,
  scopes,
  parameters: prompt === null ? {} : { prompt },
});

/** Judges by the standard claims: an address, whether it is verified, and groups if the policy asks for them. */
const judgeBy = (rules: IdentityRules): Pick<OpenIdPart, "identityOf" | "emailClaim" | "neededClaims"> => ({
  emailClaim: rules.claims.email,
  neededClaims: [rules.claims.email, ...(rules.policy.allowedGroups.length === 0 ? [] : [rules.claims.groups])],
  identityOf: (claims) => identityOf(claims, rules),
});

function googleOptions({ clientId, prompt, policy }: GoogleConfig): OpenIdPart {
  const options = optionsOf(GOOGLE_ISSUER, { clientId, prompt });
  const [first, ...others] = policy.allowedDomains;
  // Only a suggestion for Google's page: the claim decides.
  const hd = first === undefined || policy.match === "any" ? {} : { hd: others.length === 0 ? first : "*" };
  return {
    ...options,
    parameters: { ...options.parameters, ...hd },
    ...judgeBy({ claims: STANDARD_CLAIMS, trustedDomains: [], policy, domainClaim: "hd" }),
  };
}

function microsoftOptions(config: MicrosoftConfig): OpenIdPart {
  const { clientId, prompt, domainHint } = config;
  // `oid` comes with the scope profile.
  const options = optionsOf(entraMetadataAt(config), { clientId, prompt, scopes: ["profile"] });
  return {
    ...options,
    issuer: entraIssuer(config),
    parameters: { ...options.parameters, ...(domainHint === null ? {} : { domain_hint: domainHint }) },
    emailClaim: "email",
    neededClaims: [],
    identityOf: (claims) => entraIdentityOf(claims, config),
  };
}
