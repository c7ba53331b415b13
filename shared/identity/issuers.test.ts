// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { makeIssuerKey } from "../../test/support/identity-token.ts";
import { builtInIssuer, DEFAULT_ISSUERS, parseIssuers } from "./issuers.ts";

const BUILT_IN = builtInIssuer({ href: "https://sigstore.example.com", isLoopback: false });
const parse = (rows: unknown): ReturnType<typeof parseIssuers> => parseIssuers(JSON.stringify(rows), [BUILT_IN.url]);
const GOOGLE = { "issuer-url": "https://accounts.google.com", type: "email" };

describe("parseIssuers", () => {
  it("fills in what a row leaves out", () => {
    expect(parse([GOOGLE])).toEqual({
      ok: true,
      value: [
        {
          url: "https://accounts.google.com",
          isLoopback: false,
          clientId: "sigstore",
          type: "email",
          issuerClaim: null,
          challengeClaim: "email",
          keys: { kind: "discovery" },
        },
      ],
    });
  });

  it("reads everything that a row may have", () => {
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
          clientId: "ours",
          issuerClaim: ["federated_claims", "connector_id"],
          challengeClaim: "sub",
          keys: { kind: "static", keySet: { keys: [{ keyId: "k" }] } },
        },
      ],
    });
  });

  it("writes the default table as Fulcio's configuration does", () => {
    const rows = [
      GOOGLE,
      {
        "issuer-url": "https://oauth2.sigstore.dev/auth",
        "client-id": "sigstore",
        type: "email",
        "issuer-claim": "$.federated_claims.connector_id",
      },
      { "issuer-url": "https://token.actions.githubusercontent.com", "client-id": "sigstore", type: "github-workflow" },
    ];
    expect(parse(rows)).toEqual({ ok: true, value: DEFAULT_ISSUERS });
    expect(parse([])).toEqual({ ok: true, value: [] });
  });

  it.each<[unknown, string]>([
    [{}, "must be a JSON array of issuers"],
    [Array.from({ length: 101 }, () => GOOGLE), "must not have more than 100 issuers"],
    [["x"], "[0] must be a JSON object"],
    [[null], "[0] must be a JSON object"],
    [[GOOGLE, []], "[1] must be a JSON object"],
    [[{ type: "email" }], "[0].issuer-url is missing"],
    [[{ ...GOOGLE, "issuer-url": 5 }], "[0].issuer-url must be a string that is not empty"],
    [[{ ...GOOGLE, "issuer-url": "http://accounts.google.com" }], "[0].issuer-url must start with https://"],
    [[{ ...GOOGLE, "issuer-url": "https://A.example" }], "[0].issuer-url must be spelt https://a.example"],
    [[{ ...GOOGLE, "issuer-url": "https://x.example/?a" }], "[0].issuer-url must not have a query or fragment"],
    [[GOOGLE, GOOGLE], "[1].issuer-url stands there twice or is the built-in issuer"],
    [[{ ...GOOGLE, "issuer-url": BUILT_IN.url }], "[0].issuer-url stands there twice or is the built-in issuer"],
    [[{ ...GOOGLE, type: undefined }], "[0].type must be one of email, github-workflow"],
    [[{ ...GOOGLE, type: "Email" }], "[0].type must be one of email, github-workflow"],
    [[{ ...GOOGLE, type: "constructor" }], "[0].type must be one of email, github-workflow"],
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
      "[0].clientId is not known; known are issuer-url, client-id, type, issuer-claim, challenge-claim, jwks",
    ],
    [[{ ...GOOGLE, jwks: null }], "[0].jwks must be a JWK Set: an object with a `keys` array that is not empty"],
    [
      [{ ...GOOGLE, jwks: { keys: [] } }],
      "[0].jwks must be a JWK Set: an object with a `keys` array that is not empty",
    ],
    [
      [{ ...GOOGLE, jwks: { keys: [{ kty: "RSA", n: "AA", e: "AQAB", d: "AA" }] } }],
      "[0].jwks.keys[0] is a secret: only public keys belong here",
    ],
  ])("says what is wrong with %j", (rows, problem) => {
    expect(parse(rows)).toEqual({ ok: false, error: { code: "issuers_invalid", problems: [problem] } });
  });

  it("says everything that is wrong, and what is not JSON", () => {
    const result = parse([{ x: 1 }, { "issuer-url": "y", type: "z" }]);
    expect(result.ok ? [] : result.error.problems).toHaveLength(5);
    expect(parseIssuers("[", [])).toMatchObject({ ok: false, error: { problems: ["is not JSON (json_invalid)"] } });
    expect(parseIssuers('[{"type":"email","type":"email"}]', [])).toMatchObject({ ok: false });
  });
});
