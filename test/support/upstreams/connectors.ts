// SPDX-License-Identifier: Apache-2.0
// A connector of every type, configured for its stand-in, with what it vouches for when nothing is wrong.

import { ALICE, TENANT } from "./people.ts";
import { CLIENT_SECRET, GENERIC_ISSUER } from "./stand-ins.ts";

const NOREPLY = "1234567+alice@users.noreply.github.com";
const EXAMPLE = { trustedDomains: ["example.com"] };

/** The connectors, by slug. */
export const STAND_IN_CONNECTORS = {
  github: { type: "github", id: "https://github.com/login/oauth", config: {}, addresses: [ALICE, NOREPLY] },
  members: {
    type: "github",
    id: "https://members.example",
    config: { orgs: [{ id: 42, teams: ["release"] }] },
    addresses: [ALICE, NOREPLY],
  },
  ghes: {
    type: "github",
    id: "https://code.example.com/login/oauth",
    config: { hostName: "code.example.com", ...EXAMPLE },
    addresses: [ALICE],
  },
  google: {
    type: "google",
    id: "https://accounts.google.com",
    config: { hostedDomains: ["example.com"] },
    addresses: [ALICE],
  },
  entra: {
    type: "microsoft",
    id: "https://login.microsoftonline.com",
    config: { tenant: TENANT, trustedDomains: { [TENANT]: ["example.com"] } },
    addresses: [ALICE],
  },
  tenants: {
    type: "microsoft",
    id: "https://tenants.example",
    config: { tenant: "organizations", tenants: [TENANT] },
    addresses: [ALICE],
  },
  gitlab: { type: "gitlab", id: "https://gitlab.com", config: { groups: ["acme/release"] }, addresses: [ALICE] },
  bitbucket: { type: "bitbucket-cloud", id: "https://bitbucket.org", config: { teams: ["acme"] }, addresses: [ALICE] },
  access: {
    type: "access",
    id: "https://example.cloudflareaccess.com",
    config: { teamDomain: "example.cloudflareaccess.com", ...EXAMPLE },
    addresses: [ALICE],
  },
  generic: { type: "oidc", id: GENERIC_ISSUER, config: { issuer: GENERIC_ISSUER }, addresses: [ALICE] },
} as const;

export type StandInSlug = keyof typeof STAND_IN_CONNECTORS;
export const STAND_IN_SLUGS = Object.keys(STAND_IN_CONNECTORS) as StandInSlug[];

/** A connector as OIDC_CONNECTORS and OIDC_CONNECTOR_SECRETS have it. */
export interface ConnectorRow {
  readonly row: object;
  readonly slug: string;
  readonly secret: string;
}

/** The rows of all connectors. */
export const STAND_IN_ROWS: readonly ConnectorRow[] = STAND_IN_SLUGS.map((slug) => {
  const { type, id, config } = STAND_IN_CONNECTORS[slug];
  return { slug, secret: CLIENT_SECRET, row: { type, id, slug, config: { clientID: "client", ...config } } };
});

/** The settings that configure connectors. */
export const makeConnectorSettings = (rows: readonly ConnectorRow[]): Readonly<Record<string, string>> => ({
  OIDC_CONNECTORS: JSON.stringify(rows.map(({ row }) => row)),
  OIDC_CONNECTOR_SECRETS: JSON.stringify(Object.fromEntries(rows.map(({ slug, secret }) => [slug, secret]))),
});
