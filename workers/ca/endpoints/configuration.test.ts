// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { DEX, GITHUB, ISSUER, makeService, muteConsole } from "../../../test/support/authority/ca-service.ts";

muteConsole();

describe("GET /api/v2/configuration", () => {
  it("lists the issuers by URL", async () => {
    const rest = { audience: "sigstore", spiffeTrustDomain: "", subjectDomain: "", skipEmailVerification: false };
    expect(await (await makeService().fetch("/api/v2/configuration")).json()).toEqual({
      issuers: [
        { issuerUrl: DEX, challengeClaim: "email", issuerType: "email", ...rest },
        { issuerUrl: ISSUER, challengeClaim: "email", issuerType: "email", ...rest },
        { issuerUrl: GITHUB, challengeClaim: "sub", issuerType: "github-workflow", ...rest },
        { issuerUrl: "https://unreachable.example", challengeClaim: "email", issuerType: "email", ...rest },
      ],
    });
  });

  it("has a row for each audience, and marks issuers that are patterns", async () => {
    const rows = [
      { "issuer-url": "https://*.id.example.com", type: "kubernetes", "client-ids": ["a", "b"] },
      { "issuer-url": "https://td.example.com", type: "spiffe", "spiffe-trust-domain": "td.example" },
      { "issuer-url": "https://u.example.com", type: "uri", "subject-domain": "https://x.example.com" },
      { "issuer-url": "https://v.example.com", type: "email", "skip-email-verification": true },
    ];
    const response = await makeService({ ISSUERS: JSON.stringify(rows) }).fetch("/api/v2/configuration");
    const { issuers } = (await response.json()) as { readonly issuers: readonly object[] };
    const row = {
      audience: "sigstore",
      challengeClaim: "sub",
      spiffeTrustDomain: "",
      subjectDomain: "",
      skipEmailVerification: false,
    };
    expect(issuers).toEqual([
      { wildcardIssuerUrl: "https://*.id.example.com", issuerType: "kubernetes", ...row, audience: "a" },
      { wildcardIssuerUrl: "https://*.id.example.com", issuerType: "kubernetes", ...row, audience: "b" },
      { issuerUrl: "https://td.example.com", issuerType: "spiffe", ...row, spiffeTrustDomain: "td.example" },
      { issuerUrl: "https://u.example.com", issuerType: "uri", ...row, subjectDomain: "https://x.example.com" },
      {
        issuerUrl: "https://v.example.com",
        issuerType: "email",
        ...row,
        challengeClaim: "email",
        skipEmailVerification: true,
      },
    ]);
  });
});
