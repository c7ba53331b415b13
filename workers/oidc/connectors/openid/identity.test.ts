// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { readConnectors } from "../../../../shared/oauth/connectors/connectors.ts";
import { ALICE, ENTRA_CLAIMS, OTHER_TENANT, TENANT } from "../../../../test/support/upstreams/people.ts";
import { identityOf, STANDARD_CLAIMS } from "./identity.ts";
import { entraIdentityOf, entraIssuer } from "./microsoft.ts";

const POLICY = {
  allowedDomains: [],
  allowedAddresses: [],
  allowedGroups: [],
  matchGroups: "any",
  match: "any",
} as const;
const RULES = { claims: STANDARD_CLAIMS, trustedDomains: [], policy: POLICY };
const MAIL = { claims: { email: "mail", groups: "groups" }, trustedDomains: [], policy: POLICY };
const HOSTED = { ...RULES, policy: { ...POLICY, allowedDomains: ["example.com"] }, domainClaim: "hd" };
const verified = { sub: "1", email: ALICE, email_verified: true };

describe("the identity of an OpenID provider", () => {
  it.each([
    [RULES, verified, ALICE],
    [RULES, { ...verified, email_verified: false }, "address_unverified"],
    [RULES, { ...verified, email_verified: "true" }, "address_unverified"],
    [RULES, { ...verified, email_verified: 1 }, "address_unverified"],
    [RULES, { sub: "1", email: ALICE }, "address_unverified"],
    [{ ...RULES, trustedDomains: ["example.com"] }, { sub: "1", email: ALICE }, ALICE],
    [{ ...RULES, trustedDomains: ["example.com"] }, { ...verified, email_verified: false }, "address_unverified"],
    [{ ...RULES, trustedDomains: ["ple.com"] }, { sub: "1", email: ALICE }, "address_unverified"],
    [RULES, { ...verified, email: [ALICE] }, "address_unusable"],
    [RULES, { ...verified, sub: "" }, "upstream_failed"],
    [RULES, { ...verified, sub: "s".repeat(256) }, "upstream_failed"],
    // Nobody has said that the address in another claim than `email` is verified.
    [MAIL, { sub: "1", mail: ALICE, email_verified: true }, "address_unverified"],
    [{ ...MAIL, trustedDomains: ["example.com"] }, { sub: "1", mail: ALICE, email_verified: true }, ALICE],
    [
      { ...MAIL, trustedDomains: ["example.com"] },
      { sub: "1", mail: ALICE, email_verified: false },
      "address_unverified",
    ],
    [
      { ...MAIL, trustedDomains: ["example.com"] },
      { ...verified, email_verified: false, mail: "a@example.com" },
      "a@example.com",
    ],
    [MAIL, { ...verified, mail: ALICE }, ALICE],
    [MAIL, { ...verified, mail: "ceo@example.com" }, "address_unverified"],
    [HOSTED, { ...verified, hd: "Example.com" }, ALICE],
    [HOSTED, verified, "not_admitted"],
    [HOSTED, { ...verified, hd: "example.org" }, "not_admitted"],
  ])("%j, of %j: %s", (rules, claims, wanted) => {
    const result = identityOf(claims, rules);
    expect(result.ok ? result.value[0]?.address : result.error.code).toBe(wanted);
  });
});

describe("the identity of Entra", () => {
  const rows = readConnectors([
    {
      type: "microsoft",
      config: {
        clientID: "c",
        tenant: "organizations",
        tenants: [TENANT],
        trustedDomains: { [TENANT]: ["example.com"] },
      },
    },
  ]);
  const [row] = rows.ok ? rows.value : [];
  if (row?.type !== "microsoft") throw new Error("no connector");
  const { config } = row;

  it.each([
    [{}, ALICE],
    [{ xms_edov: 1 }, ALICE],
    [{ xms_edov: "1" }, ALICE],
    [{ xms_edov: "0" }, "address_unverified"],
    [{ xms_edov: false }, "address_unverified"],
    [{ xms_edov: false, upn: "a@example.com" }, "a@example.com"],
    [{ xms_edov: false, upn: "a@example.com", tid: OTHER_TENANT }, "address_unverified"],
    [{ upn: "a_b#EXT#@example.com" }, "not_admitted"],
    [{ preferred_username: "a_b#ext#@example.com" }, "not_admitted"],
    [{ acct: "1" }, "not_admitted"],
    [{ idp: "live.com" }, "not_admitted"],
    [{ idp: `https://sts.windows.net/${TENANT}/` }, ALICE],
    [{ oid: undefined }, "upstream_failed"],
  ])("with %j: %s", (change, wanted) => {
    const result = entraIdentityOf({ ...ENTRA_CLAIMS, ...change }, config);
    expect(result.ok ? result.value[0]?.address : result.error.code).toBe(wanted);
  });

  it("has an issuer that follows from a tenant of the list, and no other", () => {
    const { of } = entraIssuer(config);
    expect(of?.({ tid: TENANT })).toBe(`https://login.microsoftonline.com/${TENANT}/v2.0`);
    for (const tid of [OTHER_TENANT, undefined, `${TENANT}/v2.0#`, [TENANT]]) {
      expect(() => of?.({ tid })).toThrow("not_admitted");
    }
  });
});
