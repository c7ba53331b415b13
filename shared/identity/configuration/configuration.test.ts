// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { makeIssuerKey } from "../../../test/support/authority/identity-token.ts";
import { createBuiltInIssuer, createIssuerTable } from "../issuers.ts";
import { parseIssuers } from "./configuration.ts";

const BUILT_IN = createBuiltInIssuer({ href: "https://sigstore.example.com", isLoopback: false });
const parse = (rows: unknown): ReturnType<typeof parseIssuers> => parseIssuers(JSON.stringify(rows), [BUILT_IN.url]);
const TYPE_PROBLEM =
  "[0].type must be one of email, username, uri, spiffe, kubernetes, chainguard-identity, ci-provider, github-workflow, " +
  "gitlab-pipeline, buildkite-job, codefresh-workflow, circleci-job, buddy-pipeline";
const OR_JWKS = ", or its row must have the issuer's keys as jwks";
const KEYS = { keys: [makeIssuerKey("k", "P-256").jwk] };
const GOOGLE = { "issuer-url": "https://accounts.google.com", type: "email" };

describe("parseIssuers", () => {
  it("fills in the defaults of a row", () => {
    expect(parse([GOOGLE])).toEqual({
      ok: true,
      value: [
        {
          url: "https://accounts.google.com",
          pattern: null,
          isLoopback: false,
          audiences: ["sigstore"],
          identity: { type: "email", issuerClaim: null, skipsVerification: false },
          challengeClaim: "email",
          keys: { kind: "discovery" },
          policy: null,
          omittedExtensions: [],
          takesTokensOnce: false,
        },
      ],
    });
  });

  it("reads every member of a row", () => {
    const key = makeIssuerKey("k", "P-256");
    const row = {
      ...GOOGLE,
      "client-id": "ours",
      "issuer-claim": "$.federated_claims.connector_id",
      "challenge-claim": "sub",
      jwks: { keys: [key.jwk] },
    };
    expect(parse([row])).toMatchObject({
      ok: true,
      value: [
        {
          audiences: ["ours"],
          identity: { issuerClaim: ["federated_claims", "connector_id"] },
          challengeClaim: "sub",
          keys: { kind: "static", keySet: { keys: [{ keyId: "k" }] } },
        },
      ],
    });
  });

  it.each<[unknown, string]>([
    ["x", "must be an object with oidc-issuers, or a list of issuers"],
    [Array.from({ length: 101 }, () => GOOGLE), "must not have more than 100 issuers"],
    [["x"], "[0] must be a JSON object"],
    [[null], "[0] must be a JSON object"],
    [[GOOGLE, []], "[1] must be a JSON object"],
    [[{ type: "email" }], "[0].issuer-url is missing"],
    [[{ ...GOOGLE, "issuer-url": 5 }], "[0].issuer-url must be a string that is not empty"],
    [[{ ...GOOGLE, "issuer-url": "http://accounts.google.com" }], `[0].issuer-url must start with https://${OR_JWKS}`],
    [
      [{ ...GOOGLE, "issuer-url": "https://kubernetes.*.svc" }],
      `[0].issuer-url must spell out the last two parts of its host name${OR_JWKS}`,
    ],
    [
      [{ ...GOOGLE, "issuer-url": "http://a.example/?a", jwks: KEYS }],
      "[0].issuer-url must not have a query or fragment",
    ],
    [[{ ...GOOGLE, "issuer-url": "https://a.example/b/../c" }], "[0].issuer-url must be spelled https://a.example/c"],
    [[{ ...GOOGLE, "issuer-url": "https://x.example/?a" }], "[0].issuer-url must not have a query or fragment"],
    [[GOOGLE, GOOGLE], "[1].issuer-url appears twice or is the built-in issuer"],
    [[{ ...GOOGLE, "issuer-url": BUILT_IN.url }], "[0].issuer-url appears twice or is the built-in issuer"],
    [[{ ...GOOGLE, type: undefined }], TYPE_PROBLEM],
    [[{ ...GOOGLE, type: "Email" }], TYPE_PROBLEM],
    [[{ ...GOOGLE, type: "constructor" }], TYPE_PROBLEM],
    [[{ ...GOOGLE, "client-id": "" }], "[0].client-id must be a string that is not empty"],
    [[{ ...GOOGLE, "issuer-claim": "$" }], "[0].issuer-claim must be a path like $.federated_claims.connector_id"],
    [[{ ...GOOGLE, "issuer-claim": "$..a" }], "[0].issuer-claim must be a path like $.federated_claims.connector_id"],
    [[{ ...GOOGLE, "issuer-claim": "$.a[0]" }], "[0].issuer-claim must be a path like $.federated_claims.connector_id"],
    [
      [{ ...GOOGLE, type: "github-workflow", "issuer-claim": "$.a" }],
      "[0].issuer-claim is not for issuers of type github-workflow",
    ],
    [[{ ...GOOGLE, "challenge-claim": "name" }], "[0].challenge-claim must be email or sub"],
    [
      [{ ...GOOGLE, clientId: "x" }],
      expect.stringMatching(/^\[0\]\.clientId is not known; known are issuer-url, client-id, /) as string,
    ],
    [[{ ...GOOGLE, jwks: 1 }], "[0].jwks must be a JWK Set: an object with a `keys` array that is not empty"],
    [
      [{ ...GOOGLE, jwks: { keys: [] } }],
      "[0].jwks must be a JWK Set: an object with a `keys` array that is not empty",
    ],
    [
      [{ ...GOOGLE, jwks: { keys: [{ kty: "RSA", n: "AA", e: "AQAB", d: "AA" }] } }],
      "[0].jwks.keys[0] is a secret: publish public keys only",
    ],
  ])("reports the problem in %j", (rows, problem) => {
    expect(parse(rows)).toEqual({ ok: false, error: [problem] });
  });

  const HOST = { "issuer-url": "https://id.example.com/realm" };
  it.each<[unknown, object]>([
    [
      { ...HOST, type: "uri", "subject-domain": "https://users.example.com" },
      { subjectDomain: "https://users.example.com" },
    ],
    [{ ...HOST, type: "username", "subject-domain": "example.com" }, { subjectDomain: "example.com" }],
    [{ ...HOST, type: "spiffe", "spiffe-trust-domain": "prod.example" }, { trustDomain: "prod.example" }],
    [{ ...HOST, type: "email", "skip-email-verification": true }, { skipsVerification: true }],
    [
      { ...HOST, type: "email", "issuer-claim": "", "subject-domain": "", "challenge-claim": "" },
      { issuerClaim: null },
    ],
    [{ ...HOST, type: "kubernetes", "skip-email-verification": false }, { type: "kubernetes" }],
  ])("accepts %j", (row, identity) => {
    expect(parse([row])).toMatchObject({ ok: true, value: [{ identity }] });
  });

  it.each<[unknown, string]>([
    [{ ...HOST, type: "uri" }, "subject-domain is missing"],
    [{ ...HOST, type: "uri", "subject-domain": "users.example.com" }, "subject-domain must be a scheme and a host"],
    [
      { ...HOST, type: "uri", "subject-domain": "https://users.example.com/x" },
      "subject-domain must be a scheme and a host",
    ],
    [{ ...HOST, type: "uri", "subject-domain": "http://users.example.com" }, "subject-domain must begin with https://"],
    [
      { ...HOST, type: "uri", "subject-domain": "https://example.org" },
      "subject-domain must end in the same two labels",
    ],
    [
      { ...HOST, type: "uri", "subject-domain": "https://evilexample.com" },
      "subject-domain must end in the same two labels",
    ],
    [{ ...HOST, type: "username", "subject-domain": "https://example.com" }, "subject-domain must be a host name"],
    [{ ...HOST, type: "username", "subject-domain": "example.com:1" }, "subject-domain must be a host name"],
    [{ ...HOST, type: "username", "subject-domain": "com" }, "subject-domain must end in the same two labels"],
    [{ ...HOST, type: "spiffe" }, "spiffe-trust-domain is missing"],
    ...["spiffe://x", "a..b", ".a", "a.", "A", "a/b"].map((domain): [object, string] => [
      { ...HOST, type: "spiffe", "spiffe-trust-domain": domain },
      "spiffe-trust-domain must be a trust domain",
    ]),
    [
      { "issuer-url": "https://*.id.example.com", type: "spiffe", "spiffe-trust-domain": "x" },
      "type must not be spiffe for an issuer with wildcards",
    ],
    [{ ...HOST, type: "ci-provider" }, "ci-provider is missing"],
    [{ ...HOST, type: "ci-provider", "ci-provider": "constructor" }, "ci-provider must be one of github-workflow, "],
    [{ ...HOST, type: "email", "client-ids": [] }, "client-ids must have 1 to 16 audiences"],
    [{ ...HOST, type: "email", "client-ids": "a" }, "client-ids must be a list"],
    [{ ...HOST, type: "email", "client-ids": [""] }, "client-ids[0] must be a string that is not empty"],
    [{ ...HOST, type: "email", "omit-extensions": "token-subject" }, "omit-extensions must be a list"],
    [
      { ...HOST, type: "email", "omit-extensions": ["issuer"] },
      "omit-extensions[0] must be one of github-workflow-trigger",
    ],
    [{ ...HOST, type: "email", "omit-extensions": ["issuer-v2"] }, "omit-extensions[0] must be one of"],
    [{ ...HOST, type: "email", "omit-extensions": ["token-subject", 5] }, "omit-extensions[1] must be one of"],
    [{ ...HOST, type: "email", "one-time-tokens": 1 }, "one-time-tokens must be true or false"],
    [{ ...HOST, type: "email", policy: [] }, "policy must have a condition"],
    [{ ...HOST, type: "email", policy: { claim: "a" } }, "policy must have all or any, or claim with one of"],
    [{ ...HOST, type: "email", policy: { equals: "a" } }, "policy.claim is missing"],
    [{ ...HOST, type: "email", policy: { claim: "a", equals: 1.1 } }, "policy.equals must be in quotation marks"],
    [
      { ...HOST, type: "email", policy: { claim: "a", equals: [1, 2 ** 60] } },
      "policy.equals[1] must be in quotation marks",
    ],
    [
      { ...HOST, type: "email", policy: { claim: "a", equals: null } },
      "policy must have all or any, or claim with one of",
    ],
    [
      { ...HOST, type: "email", policy: { claim: "a", equals: [{}] } },
      "policy.equals[0] must be a string, an integer or a boolean",
    ],
    [
      { ...HOST, type: "email", policy: { claim: "a", prefix: "" } },
      "policy.prefix must be a string that is not empty",
    ],
    [{ ...HOST, type: "email", policy: { any: [{ claim: "a", regex: "b" }] } }, "policy.any[0].regex is not known"],
    [
      { ...HOST, type: "email", policy: { claim: "a", pattern: "x".repeat(513) } },
      "policy.pattern must not be longer than 512",
    ],
  ])("reports the problem in %j", (row, problem) => {
    const result = parse([row]);
    expect(result.ok ? [] : result.error).toContainEqual(expect.stringContaining(`[0].${problem}`));
  });

  it.each([
    "https://keycloak.example.com:443/realms/x",
    "https://Keycloak.Example.com/realms/x",
    "http://dex-idp:8888/auth",
    "http://keycloak.auth.svc.cluster.local:8080/realms/x",
    "https://kubernetes.default.svc",
    "https://kubernetes.*.svc",
  ])("finds the issuer %s, as its tokens spell it, by its configured keys", (url) => {
    const issuers = parse([{ "issuer-url": url, type: "email", jwks: KEYS }]);
    const table = createIssuerTable(issuers.ok ? issuers.value : []);
    const iss = url.replace("*", "default");
    expect(table.find(iss)).toMatchObject({ url: iss, keys: { kind: "static" } });
    expect(table.find(`${iss}/`)).toBeNull();
  });

  it("accepts several audiences, and a key set as text", () => {
    const key = makeIssuerKey("k", "P-256");
    const jwks = JSON.stringify({ keys: [key.jwk] });
    const row = { ...HOST, type: "kubernetes", "client-id": "a", "client-ids": ["b", "a"], jwks };
    expect(parse([row])).toMatchObject({
      ok: true,
      value: [{ audiences: ["a", "b"], keys: { kind: "static", keySet: { keys: [{ keyId: "k" }] } } }],
    });
  });

  it("reports every problem, and a text that is not JSON", () => {
    const result = parse([{ x: 1 }, { "issuer-url": "y", type: "z" }]);
    expect(result.ok ? [] : result.error).toHaveLength(5);
    expect(parseIssuers("[", [])).toMatchObject({ ok: false, error: ["is not JSON (json_invalid)"] });
    expect(parseIssuers('[{"type":"email","type":"email"}]', [])).toMatchObject({ ok: false });
  });
});
