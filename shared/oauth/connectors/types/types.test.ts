// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { describeProblem } from "../../../identity/configuration/section.ts";
import { readConnectors } from "../connectors.ts";

const TENANT = "11111111-2222-3333-4444-555555555555";
const OTHER = "99999999-2222-3333-4444-555555555555";

function read(type: string, config: object): unknown {
  const result = readConnectors([{ type, config: { clientID: "c", ...config } }]);
  return result.ok ? result.value[0] : result.error.problems.map(describeProblem);
}

describe("connectors are named as on the public instance, or by their provider", () => {
  it.each([
    ["github", {}, "https://github.com/login/oauth", "GitHub"],
    [
      "github",
      { hostName: "code.example.com", trustedDomains: ["example.com"] },
      "https://code.example.com/login/oauth",
      "code.example.com",
    ],
    ["google", {}, "https://accounts.google.com", "Google"],
    ["microsoft", { tenant: TENANT }, "https://login.microsoftonline.com", "Microsoft"],
    ["gitlab", {}, "https://gitlab.com", "GitLab"],
    ["gitlab", { baseURL: "https://git.example.com" }, "https://git.example.com", "git.example.com"],
    ["bitbucket-cloud", {}, "https://bitbucket.org", "Bitbucket"],
    [
      "access",
      { teamDomain: "example.cloudflareaccess.com", trustedDomains: ["example.com"] },
      "https://example.cloudflareaccess.com",
      "example.cloudflareaccess.com",
    ],
    ["oidc", { issuer: "https://id.example.com/realms/a" }, "https://id.example.com/realms/a", "id.example.com"],
  ])("%s %j is %s", (type, config, id, name) => {
    expect(read(type, config)).toMatchObject({ type, id, name, slug: type });
  });
});

describe("what a type says is read", () => {
  it.each([
    [
      "github",
      { orgs: [{ id: 42, teams: [7, "Release"] }, { name: "Acme" }], preferredEmailDomain: "Example.com" },
      {
        host: "github.com",
        offersAllAddresses: false,
        preferredDomains: ["example.com"],
        trustedDomains: null,
        policy: { allowedGroups: ["#42/#7", "#42/release", "acme"] },
      },
    ],
    [
      "google",
      { hostedDomains: ["Example.com"] },
      { prompt: null, policy: { allowedDomains: ["example.com"], allowedGroups: [] } },
    ],
    [
      "microsoft",
      { tenant: TENANT.toUpperCase(), trustedDomains: { [TENANT]: ["Example.com"] }, groups: ["g"] },
      {
        tenant: TENANT,
        tenants: [TENANT],
        upnDomains: new Map([[TENANT, ["example.com"]]]),
        lowersAddresses: false,
        policy: { allowedGroups: ["g"] },
      },
    ],
    [
      "microsoft",
      { tenant: "organizations", tenants: [TENANT, OTHER] },
      { tenant: "organizations", tenants: [TENANT, OTHER], upnDomains: new Map() },
    ],
    ["gitlab", { groups: ["acme/release"] }, { policy: { allowedGroups: ["acme/release"] } }],
    ["bitbucket-cloud", { teams: ["acme"] }, { policy: { allowedGroups: ["acme"] } }],
  ])("%s %j", (type, config, wanted) => {
    expect(read(type, config)).toMatchObject({ config: wanted });
  });
});

describe("what a type does not take is refused with what to do", () => {
  const KNOWN_GITHUB =
    "known are clientID, allowedAddresses, matchGroups, match, orgs, allowedDomains, allVerifiedEmails, preferredEmailDomain, hostName, trustedDomains";
  it.each([
    [
      "github",
      { clientSecret: "s" },
      ["is a secret and has a place of its own: OIDC_CONNECTOR_SECRETS"],
      "clientSecret",
    ],
    [
      "github",
      { redirectURI: "https://a.example" },
      ["follows from the slug: register https://<host>/oidc/callback/<slug> at the provider and remove this"],
      "redirectURI",
    ],
    ["github", { useLoginAsID: true }, ["is not supported: a login can be given to somebody else"], "useLoginAsID"],
    ["github", { organisations: [] }, [`is not known; ${KNOWN_GITHUB}`], "organisations"],
    ["github", { orgs: [] }, ["must have 1 to 200 items"], "orgs"],
    ["github", { orgs: [{}] }, ["must have either id, a number, or name"], "orgs[0]"],
    ["github", { orgs: [{ id: 1, name: "a" }] }, ["must have either id, a number, or name"], "orgs[0]"],
    ["github", { orgs: [{ id: "1" }] }, ["must be a whole number above 0"], "orgs[0].id"],
    ["github", { orgs: [{ id: 1, teams: [] }] }, ["must have 1 to 200 items"], "orgs[0].teams"],
    ["github", { orgs: [{ id: 1, teams: [0] }] }, ["must be a whole number above 0"], "orgs[0].teams[0]"],
    [
      "github",
      { hostName: "https://code.example.com", trustedDomains: ["example.com"] },
      ["must be a host name in lower case, such as code.example.com, without https://"],
      "hostName",
    ],
    [
      "github",
      { hostName: "code.example.com" },
      ["is missing: an Enterprise Server verifies no address, so you must name domains"],
      "trustedDomains",
    ],
    ["github", { trustedDomains: ["a.example"] }, ["is for hostName: GitHub verifies addresses"], "trustedDomains"],
    [
      "google",
      { allowedDomains: ["example.com"] },
      ["is not supported: a personal account can have any address. List Workspace domains as hostedDomains"],
      "allowedDomains",
    ],
    [
      "microsoft",
      {},
      ["must be the id of a tenant, or common, organizations, consumers with a list of tenants"],
      "tenant",
    ],
    [
      "microsoft",
      { tenant: "example.com" },
      ["must be the id of a tenant, or common, organizations, consumers with a list of tenants"],
      "tenant",
    ],
    ["microsoft", { tenant: "common" }, ["must list the tenants that may sign in through common"], "tenants"],
    [
      "microsoft",
      { tenant: TENANT, tenants: [OTHER] },
      ["is for common, organizations and consumers: tenant is one already"],
      "tenants",
    ],
    [
      "microsoft",
      { tenant: TENANT, trustedDomains: { [OTHER]: ["example.com"] } },
      ["is not the id of a tenant that may sign in here"],
      `trustedDomains.${OTHER}`,
    ],
    ["gitlab", { baseURL: "http://git.example.com" }, ["must start with https://"], "baseURL"],
    ["access", { trustedDomains: ["a.example"] }, ["is missing"], "teamDomain"],
    [
      "access",
      { teamDomain: "a.cloudflareaccess.com" },
      ["is missing: Access does not say which addresses are verified, so you must"],
      "trustedDomains",
    ],
  ] as const)("%s %j", (type, config, [problem], place) => {
    expect(read(type, config)).toContain(`[0].config.${place} ${problem}`);
  });
});
