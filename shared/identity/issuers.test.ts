// SPDX-License-Identifier: Apache-2.0
// Claims → certificate for every type of issuer: the fields that a token of each provider gives, and the claims it
// requires.

import { describe, expect, it } from "vitest";
import { identityAt, KNOWN_IDENTITIES, type KnownIdentity } from "../../test/support/authority/identities.ts";
import { FULCIO_EXTENSION_NAMES, oidOf } from "../fulcio/extensions.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import type { Result } from "../result.ts";
import { parseIssuers } from "./configuration/configuration.ts";
import { createBuiltInIssuer, createIssuerTable, type Issuer, principalOf } from "./issuers.ts";
import type { IdentityError, Principal } from "./principal.ts";
import { PUBLIC_ISSUERS } from "./public-issuers.ts";

const URL_TEXT = "https://issuer.example.com/realm";

function issuerOf(row: object): Issuer {
  const issuers = parseIssuers(JSON.stringify([{ "issuer-url": URL_TEXT, ...row }]), []);
  const issuer = issuers.ok ? issuers.value[0] : null;
  if (issuer === null || issuer === undefined) throw new Error(issuers.ok ? "none" : issuers.error.join());
  return issuer;
}

function principal(identity: KnownIdentity, change: object = {}, row: object = {}): Result<Principal, IdentityError> {
  const claims = { ...identity.claims, iss: URL_TEXT, ...change };
  return principalOf(issuerOf({ ...identity.row, ...row }), claims as unknown as VerifiedClaims);
}

/** Number → text of the extensions that a certificate would have. */
const numbered = ({ extensions }: Principal): Record<string, string> =>
  Object.fromEntries(
    FULCIO_EXTENSION_NAMES.flatMap((name) => {
      const value = extensions[name] ?? "";
      return value === "" ? [] : [[oidOf(name).split(".").at(-1), value]];
    }),
  );

const known = (name: string): KnownIdentity => {
  const identity = KNOWN_IDENTITIES.find((candidate) => candidate.name === name);
  if (identity === undefined) throw new Error(name);
  return identityAt(identity, URL_TEXT);
};
const CASES = KNOWN_IDENTITIES.map((identity) => identityAt(identity, URL_TEXT));

describe.each(CASES)("$name", (identity) => {
  it("becomes the identity in the table", () => {
    const result = principal(identity);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    expect(result.value.subjectAltName).toEqual(identity.subjectAltName);
    expect(numbered(result.value)).toEqual({ 1: URL_TEXT, 8: URL_TEXT, ...identity.extensions });
    expect(result.value.challenges[0]).toBe(identity.challenge);
  });

  it.each(identity.needs)("requires %s", (claim) => {
    expect(principal(identity, { [claim]: undefined }).ok).toBe(false);
  });

  it.each(Object.keys(identity.claims))("rejects a structure or a control character in %s", (claim) => {
    for (const value of [{ a: 1 }, "a\nb", "\ud800", "x".repeat(2049), 1.5]) {
      const result = principal(identity, { [claim]: value });
      if (!result.ok) continue;
      // A claim that nothing reads changes nothing.
      expect(numbered(result.value)).toEqual({ 1: URL_TEXT, 8: URL_TEXT, ...identity.extensions });
    }
  });

  it("omits the extensions that the issuer omits", () => {
    const result = principal(identity, {}, { "omit-extensions": ["token-subject", "build-trigger"] });
    const { 20: _trigger, 24: _subject, ...rest } = identity.extensions;
    expect(result.ok && numbered(result.value)).toEqual({ 1: URL_TEXT, 8: URL_TEXT, ...rest });
  });
});

const code = (result: Result<unknown, IdentityError>): unknown => (result.ok ? "granted" : result.error);

describe("tokens that the types reject", () => {
  it.each<[string, object, object]>([
    ["username", { sub: "a!b" }, { code: "claim_invalid", claim: "sub", expected: "a user name without !" }],
    [
      "username",
      { sub: "a@example.com" },
      { code: "claim_invalid", claim: "sub", expected: "a user name, not an email address" },
    ],
    ...[
      "https://evil.example/users/1",
      "http://issuer.example.com/x",
      "https://issuer.example.com:8443/x",
      "https://issuer.example.com.evil.example/x",
    ].map((sub): [string, object, object] => [
      "uri",
      { sub },
      { code: "claim_invalid", claim: "sub", expected: "a URI of the issuer's subject domain" },
    ]),
    ...[
      "https://a@issuer.example.com/x",
      "alice@example.com",
      "https://issuer.example.com/%zz",
      "//issuer.example.com",
    ].map((sub): [string, object, object] => ["uri", { sub }, { code: "subject_alt_name_invalid" }]),
    ...[
      "https://prod.example.org/x",
      "spiffe://",
      "spiffe://Prod.example.org/x",
      "spiffe://prod.example.org/",
      "spiffe://prod.example.org//a",
      "spiffe://prod.example.org/../a",
      "spiffe://prod.example.org/a b",
      "spiffe://prod.example.org:1/a",
    ].map((sub): [string, object, object] => [
      "spiffe",
      { sub },
      { code: "claim_invalid", claim: "sub", expected: "a SPIFFE ID" },
    ]),
    [
      "spiffe",
      { sub: "spiffe://prod.example.org.evil/a" },
      { code: "claim_invalid", claim: "sub", expected: "a SPIFFE ID of the issuer's trust domain" },
    ],
    [
      "kubernetes",
      { "kubernetes.io": { namespace: "", serviceaccount: { name: "a" } } },
      { code: "claim_missing", claim: "kubernetes.io.namespace" },
    ],
    [
      "kubernetes",
      { "kubernetes.io": { namespace: "a/b", serviceaccount: { name: "a" } } },
      { code: "claim_invalid", claim: "kubernetes.io.namespace", expected: "the name of a namespace" },
    ],
    [
      "kubernetes",
      { "kubernetes.io": { namespace: "a" } },
      { code: "claim_missing", claim: "kubernetes.io.serviceaccount.name" },
    ],
    [
      "kubernetes",
      { "kubernetes.io": { namespace: "a", serviceaccount: { name: "../b" } } },
      { code: "claim_invalid", claim: "kubernetes.io.serviceaccount.name", expected: "the name of a service account" },
    ],
    [
      "chainguard-identity",
      { sub: "a/../b" },
      { code: "claim_invalid", claim: "sub", expected: "a path without empty or dotted segments" },
    ],
    ["chainguard-identity", { sub: "a?b" }, { code: "subject_alt_name_invalid" }],
    ["chainguard-identity", { email: "a@example.com" }, { code: "email_unverified" }],
    [
      "gitlab-pipeline",
      { ref_type: "merge_request" },
      { code: "claim_invalid", claim: "ref_type", expected: "branch or tag" },
    ],
    [
      "email of a provider that never says email_verified",
      { email_verified: 1 },
      { code: "claim_invalid", claim: "email_verified", expected: "true or false" },
    ],
    ["ci-provider github-workflow", { job_workflow_ref: "" }, { code: "claim_missing", claim: "job_workflow_ref" }],
    ["ci-provider github-workflow", { job_workflow_ref: "o/r/100%" }, { code: "subject_alt_name_invalid" }],
    [
      "ci-provider circleci-job",
      { "oidc.circleci.com/project-id": "" },
      { code: "claim_missing", claim: "oidc.circleci.com/project-id" },
    ],
  ])("%s %j", (name, change, error) => {
    expect(code(principal(known(name), change))).toEqual(error);
  });
});

describe("tokens that the types accept", () => {
  it.each<[string, object, number, string | undefined]>([
    ["ci-provider gitlab-pipeline", { ref_type: "tag", ref: "v1" }, 14, "refs/tags/v1"],
    ["ci-provider gitlab-pipeline", { ci_config_sha: null }, 10, undefined],
    ["ci-provider gitlab-pipeline", { environment: undefined }, 23, undefined],
    ["gitlab-pipeline", { ci_config_sha: null }, 19, undefined],
    ["ci-provider github-workflow", { environment: undefined }, 23, undefined],
    ["ci-provider github-workflow", { workflow: "" }, 4, undefined],
    [
      "ci-provider github-workflow",
      { run_attempt: 3 },
      21,
      "https://github.com/octo-org/octo-repo/actions/runs/5038124411/attempts/3",
    ],
    [
      "ci-provider codefresh-workflow",
      { platform_url: "https://codefresh.example.com" },
      9,
      "https://codefresh.example.com/build/64f447c02199f903000gh20",
    ],
    ["ci-provider codefresh-workflow", { scm_repo_url: undefined, scm_ref: undefined }, 12, undefined],
    ["ci-provider circleci-job", { "oidc.circleci.com/ssh-rerun": true }, 11, "ssh-rerun"],
    ["ci-provider circleci-job", { "oidc.circleci.com/ssh-rerun": "true" }, 11, "ssh-rerun"],
    ["ci-provider circleci-job", { "oidc.circleci.com/vcs-ref": undefined }, 14, undefined],
    ["ci-provider buddy-pipeline", { base_url: undefined, revision: undefined }, 13, undefined],
  ])("%s with %j has .%i %s", (name, change, number, value) => {
    const result = principal(known(name), change);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    expect(numbered(result.value)[number]).toBe(value);
  });

  it("a SPIFFE ID without a path", () => {
    expect(principal(known("spiffe"), { sub: "spiffe://prod.example.org" }).ok).toBe(true);
  });

  it("a verified address in a Chainguard token, which clients then sign", () => {
    const result = principal(known("chainguard-identity"), { email: "a@example.com", email_verified: true });
    expect(result.ok && result.value.challenges[0]).toBe("a@example.com");
  });
});

describe("a policy", () => {
  const policy = [
    { claim: "repository_owner", equals: "octo-org" },
    {
      any: [
        { claim: "ref", equals: "refs/heads/main" },
        { claim: "ref", pattern: "refs/tags/v*" },
      ],
    },
  ];
  it.each([
    [{}, "granted"],
    [{ ref: "refs/tags/v1" }, "granted"],
    [
      { repository_owner: "evil" },
      { code: "policy_refused", condition: "repository_owner is not one of the accepted values" },
    ],
    [
      { ref: "refs/heads/x" },
      {
        code: "policy_refused",
        condition: "ref is not one of the accepted values, and ref does not match the accepted pattern",
      },
    ],
  ])("decides who gets a certificate: %j", (change, expected) => {
    expect(code(principal(known("ci-provider github-workflow"), change, { policy }))).toEqual(expected);
  });
});

describe("the issuers of the public instance", () => {
  const table = createIssuerTable([
    ...PUBLIC_ISSUERS,
    createBuiltInIssuer({ href: "https://sigstore.example.com", isLoopback: false }),
  ]);
  it.each([
    ["https://accounts.google.com", "email"],
    ["https://sigstore.example.com/oidc", "email"],
    ["https://token.actions.githubusercontent.com", "ci-provider"],
    ["https://token.actions.githubusercontent.com/octo-enterprise", "ci-provider"],
    ["https://oidc.circleci.com/org/3a2f", "ci-provider"],
    ["https://issuer.enforce.dev", "chainguard-identity"],
    ["https://oidc.eks.eu-west-1.amazonaws.com/id/B02C", "kubernetes"],
    ["https://oidc.prod-aks.azure.com/3f/", "kubernetes"],
    ["https://oidc.prod-aks.azure.com/3f/aa", "kubernetes"],
    ["https://eastus.oic.prod-aks.azure.com/3f/aa/", "kubernetes"],
    ["https://accounts.google.com/", null],
    ["https://ACCOUNTS.google.com", null],
    ["https://oidc.eks.*.amazonaws.com/id/*", null],
    ["https://evil.example?https://oidc.eks.x.amazonaws.com/id/y", null],
    ["constructor", null],
  ])("%s is of type %s", (url, type) => {
    const issuer = table.find(url);
    expect(issuer?.identity.type ?? null).toBe(type);
    if (issuer !== null) expect(issuer.url).toBe(url);
  });
});
