// SPDX-License-Identifier: Apache-2.0
// Alice, as each provider describes her in its documented formats. Tests change what a variant needs.

/** The tenant of the connector to one tenant. */
export const TENANT = "11111111-2222-4333-8444-555555555555";
/** A tenant that nobody listed. */
export const OTHER_TENANT = "99999999-2222-4333-8444-555555555555";
export const ALICE = "alice@example.com";

type Json = Readonly<Record<string, unknown>>;

// https://docs.github.com/en/rest/users/users#get-the-authenticated-user: `email` is the profile's, written by its owner.
const GITHUB_USER = { login: "alice", id: 1234567, type: "User", name: "Alice", email: "profile@example.org" };
// https://docs.github.com/en/rest/users/emails#list-email-addresses-for-the-authenticated-user
const GITHUB_EMAILS: readonly Json[] = [
  { email: "old@example.net", primary: false, verified: true, visibility: null },
  { email: ALICE, primary: true, verified: true, visibility: "private" },
  { email: "new@example.com", primary: false, verified: false, visibility: null },
  { email: "alice@users.noreply.github.com", primary: false, verified: true, visibility: null },
  { email: "1234567+alice@users.noreply.github.com", primary: false, verified: true, visibility: null },
];
// https://docs.github.com/en/rest/orgs/members#list-organization-memberships-for-the-authenticated-user
const GITHUB_MEMBERSHIPS: readonly Json[] = [
  { state: "active", role: "member", organization: { login: "Acme", id: 42 } },
  { state: "pending", role: "member", organization: { login: "Other", id: 43 } },
];
// https://docs.github.com/en/rest/teams/teams#list-teams-for-the-authenticated-user
const GITHUB_TEAMS: readonly Json[] = [
  { id: 7, name: "Release", slug: "release", organization: { login: "Acme", id: 42 } },
  { id: 8, name: "Release", slug: "release", organization: { login: "Other", id: 43 } },
];

/** The answers of GitHub's API, by path. */
export const GITHUB_API: Json = {
  "/user": GITHUB_USER,
  "/user/emails": GITHUB_EMAILS,
  "/user/memberships/orgs": GITHUB_MEMBERSHIPS,
  "/user/teams": GITHUB_TEAMS,
};

/** The answers of Bitbucket's API, by path: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/ */
export const BITBUCKET_API: Json = {
  "/2.0/user": { type: "user", uuid: "{470c176d-3574-44ea-bb41-89e8638bcca4}", nickname: "alice" },
  "/2.0/user/emails": {
    pagelen: 100,
    values: [
      { type: "email", email: "old@example.net", is_primary: false, is_confirmed: true },
      { type: "email", email: ALICE, is_primary: true, is_confirmed: true },
    ],
  },
  "/2.0/user/workspaces": {
    pagelen: 100,
    values: [{ type: "workspace_access", workspace: { type: "workspace", slug: "acme", uuid: "{a15f}" } }],
  },
};

/** https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload */
export const GOOGLE_CLAIMS: Json = {
  sub: "10769150350006150715113082367",
  email: ALICE,
  email_verified: true,
  hd: "example.com",
};

/** https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference */
export const ENTRA_CLAIMS: Json = {
  sub: "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
  tid: TENANT,
  oid: "00000000-0000-0000-66f3-3332eca7ea81",
  preferred_username: ALICE,
  email: ALICE,
  xms_edov: true,
  ver: "2.0",
};

/** https://docs.gitlab.com/integration/openid_connect_provider/: `groups` is in userinfo only. */
export const GITLAB_CLAIMS: Json = { sub: "4711", email: ALICE, email_verified: true, groups_direct: ["acme"] };
export const GITLAB_USERINFO: Json = { ...GITLAB_CLAIMS, groups: ["acme", "acme/release"] };

/** Cloudflare Access, an OpenID application for SaaS: an address, and no word of its verification. */
export const ACCESS_CLAIMS: Json = { sub: "7335d417-61da-459d-899c-0a01c76a2f94", email: ALICE };

/** https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims */
export const GENERIC_CLAIMS: Json = { sub: "user-1", email: ALICE, email_verified: true };
