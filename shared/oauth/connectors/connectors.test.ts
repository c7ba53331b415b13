// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { describeProblem, Section } from "../../identity/configuration/section.ts";
import { parseConnectors, readConnectors } from "./connectors.ts";
import { admits, readPolicy } from "./policy.ts";
import { listMissingSecrets, parseConnectorSecrets } from "./secrets.ts";

const CONFIG = { issuer: "https://login.example.com", clientID: "sigedge" };
const TYPES = "[0].type must be one of github, google, microsoft, gitlab, bitbucket-cloud, access, oidc";
const ROW = { type: "oidc", config: CONFIG };

function read(value: unknown): unknown {
  const result = readConnectors(value);
  return result.ok ? result.value : result.error.problems.map(describeProblem);
}

describe("connectors", () => {
  it.each([[[ROW]], [{ connectors: [ROW] }]])("are read from a list, or from dex's object: %j", (value) => {
    expect(read(value)).toEqual([
      {
        type: "oidc",
        id: "https://login.example.com",
        slug: "oidc",
        name: "login.example.com",
        config: {
          issuer: "https://login.example.com",
          clientId: "sigedge",
          scopes: [],
          clientAuthentication: "basic",
          prompt: null,
          claims: { email: "email", groups: "groups" },
          trustedDomains: [],
          policy: { allowedDomains: [], allowedAddresses: [], allowedGroups: [], matchGroups: "any", match: "any" },
        },
      },
    ]);
  });

  it("keep what the row says", () => {
    const config = {
      ...CONFIG,
      scopes: ["openid", "groups"],
      basicAuthUnsupported: true,
      promptType: "consent",
      claimMapping: { email: "mail", groups: "roles" },
      trustedDomains: ["Example.com"],
      allowedDomains: ["EXAMPLE.com"],
      match: "all",
    };
    expect(read([{ ...ROW, id: "https://id.example", slug: "work", name: "Work", config }])).toMatchObject([
      {
        id: "https://id.example",
        slug: "work",
        name: "Work",
        config: {
          scopes: ["groups"],
          clientAuthentication: "body",
          prompt: "consent",
          claims: { email: "mail", groups: "roles" },
          trustedDomains: ["example.com"],
          policy: { allowedDomains: ["example.com"], match: "all" },
        },
      },
    ]);
  });

  it.each([
    ["x", ["must be a list"]],
    [{}, ["must be an object with connectors, or a list of connectors"]],
    [[1], ["[0] must be an object with type, id, name and config"]],
    [[{ type: "saml", config: {} }], [TYPES]],
    [[{ type: "constructor", config: {} }], [TYPES]],
    [[{ type: "oidc" }], ["[0].config is missing"]],
    [
      [{ type: "oidc", config: {} }],
      [
        "[0].config.issuer is missing",
        "[0].config.clientID must be the client id that the provider gave this deployment",
      ],
    ],
    [
      [{ ...ROW, config: { ...CONFIG, issuer: "http://login.example.com" } }],
      ["[0].config.issuer must start with https://"],
    ],
    [
      [{ ...ROW, config: { ...CONFIG, clientSecret: "s" } }],
      ["[0].config.clientSecret is a secret and has a place of its own: OIDC_CONNECTOR_SECRETS"],
    ],
    [
      [{ ...ROW, config: { ...CONFIG, insecureSkipEmailVerified: true } }],
      [
        "[0].config.insecureSkipEmailVerified is not supported: list the domains that this provider vouches for as trustedDomains",
      ],
    ],
    [[{ ...ROW, config: { ...CONFIG, allowedDomains: [] } }], ["[0].config.allowedDomains must have 1 to 200 items"]],
    [
      [{ ...ROW, config: { ...CONFIG, allowedDomains: null } }],
      ["[0].config.allowedDomains has no value: write one, or remove the member"],
    ],
    [[{ ...ROW, config: { ...CONFIG, match: "some" } }], ["[0].config.match must be any or all"]],
    [[{ ...ROW, id: "github" }], ["[0].id is not a URL: it is the issuer that certificates name"]],
    [
      [{ ...ROW, slug: "a/b" }],
      ["[0].slug must be 1 to 32 lower-case letters, digits and inner hyphens, and not choose or development"],
    ],
    [
      [{ ...ROW, slug: "choose" }],
      ["[0].slug must be 1 to 32 lower-case letters, digits and inner hyphens, and not choose or development"],
    ],
    [
      [{ ...ROW, slug: "development" }],
      ["[0].slug must be 1 to 32 lower-case letters, digits and inner hyphens, and not choose or development"],
    ],
    [[{ ...ROW, name: "a\u202eb" }], ["[0].name must be text of at most 64 characters"]],
    [
      [ROW, ROW],
      ["[1] has the id of another connector", "[1] has the slug oidc of another connector: give it a slug of its own"],
    ],
  ])("are refused with their places: %j", (value, problems) => {
    expect(read(value)).toEqual(problems);
  });

  it("have a bounded number", () => {
    expect(parseConnectors(JSON.stringify(Array.from({ length: 17 }, () => ROW)))).toMatchObject({ ok: false });
  });
});

describe("the secrets of connectors", () => {
  it("are one for each slug", () => {
    const connectors = parseConnectors(JSON.stringify([ROW]));
    const secrets = parseConnectorSecrets('{"oidc":"s"}');
    if (!connectors.ok || !secrets.ok) throw new Error("refused");
    expect(listMissingSecrets(connectors.value, secrets.value)).toEqual([]);
    expect(listMissingSecrets(connectors.value, new Map())).toEqual([
      "OIDC_CONNECTOR_SECRETS has no secret for oidc (login.example.com)",
    ]);
  });

  it.each(["x", "[]", '{"a":""}', '{"a":1}', `{"a":"${"s".repeat(1025)}"}`])("are refused: %s", (text) => {
    expect(parseConnectorSecrets(text).ok).toBe(false);
  });
});

describe("a policy", () => {
  const policyOf = (value: object) =>
    readPolicy(
      new Section(value, [], []).fields([
        "allowedDomains",
        "allowedAddresses",
        "allowedGroups",
        "matchGroups",
        "match",
      ]),
    );
  const alice = { address: "Alice@Example.com", groups: ["g1"] };

  it.each([
    [{}, true],
    [{ allowedDomains: ["example.com"] }, true],
    [{ allowedDomains: ["example.org"] }, false],
    [{ allowedDomains: ["ple.com"] }, false],
    [{ allowedAddresses: ["Alice@Example.com"] }, true],
    [{ allowedAddresses: ["alice@example.com"] }, false],
    [{ allowedGroups: ["g1"] }, true],
    [{ allowedGroups: ["g2"] }, false],
    [{ allowedGroups: ["g1", "g2"] }, true],
    [{ allowedGroups: ["g1", "g2"], matchGroups: "all" }, false],
    [{ allowedDomains: ["example.org"], allowedGroups: ["g1"] }, true],
    [{ allowedDomains: ["example.org"], allowedGroups: ["g1"], match: "all" }, false],
    [{ allowedDomains: ["example.com"], allowedGroups: ["g1"], match: "all" }, true],
  ])("%j admits Alice: %s", (value, isAdmitted) => {
    expect(admits(policyOf(value), alice)).toBe(isAdmitted);
  });
});
