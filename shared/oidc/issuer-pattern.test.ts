// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { parseIssuerPattern } from "./issuer-pattern.ts";

const matches = (pattern: string, url: string): boolean => {
  const parsed = parseIssuerPattern(pattern);
  return parsed.ok && parsed.value.matches(url);
};

const EKS = "https://oidc.eks.*.amazonaws.com/id/*";

describe("a pattern of issuers", () => {
  it.each([
    [EKS, "https://oidc.eks.eu-central-1.amazonaws.com/id/B02C93B6A2D30341AD01E1B6D48164CB"],
    ["https://token.actions.githubusercontent.com/*", "https://token.actions.githubusercontent.com/octo-enterprise"],
    ["https://oidc.prod-aks.azure.com/*/", "https://oidc.prod-aks.azure.com/3f-aa/"],
    ["https://*.oic.prod-aks.azure.com/*/*", "https://eastus.oic.prod-aks.azure.com/a-1/b_2"],
    [
      "https://container.googleapis.com/v1/projects/*/locations/*/clusters/*",
      "https://container.googleapis.com/v1/projects/p-1/locations/us-east1/clusters/c",
    ],
  ])("%s matches %s", (pattern, url) => {
    expect(matches(pattern, url)).toBe(true);
  });

  // GHSA-59jp-pj84-45mr and similar: URLs with which a token could send us to a host of its choice.
  it.each([
    "http://evil.example?https://oidc.eks.x.amazonaws.com/id/y",
    "https://evil.example/https://oidc.eks.x.amazonaws.com/id/y",
    "https://evil.example#https://oidc.eks.x.amazonaws.com/id/y",
    "https://oidc.eks.x.amazonaws.com/id/y?z",
    "https://oidc.eks.x.amazonaws.com/id/y#z",
    "https://oidc.eks.x.amazonaws.com/id/y/z",
    "https://oidc.eks.x.amazonaws.com/id/",
    "https://oidc.eks.x.amazonaws.com/id/y/",
    "https://oidc.eks.x.y.amazonaws.com/id/y",
    "https://oidc.eks.evil.example/.amazonaws.com/id/y",
    "https://oidc.eks.evil@amazonaws.com/id/y",
    "https://oidc.eks.evil:8443.amazonaws.com/id/y",
    "https://oidc.eks..amazonaws.com/id/y",
    "https://oidc.eks.*.amazonaws.com/id/*",
    "https://oidc.eks.x.amazonaws.com/id/%2e%2e",
    "https://oidc.eks.x.amazonaws.com/id/ä",
    "https://oidc.eks.X.amazonaws.com/id/y",
    "https://oidc-eks.x.amazonaws.com/id/y",
    "https://oidcXeks.x.amazonaws.com/id/y",
    "http://oidc.eks.x.amazonaws.com/id/y",
    "https://oidc.eks.x.amazonaws.com\\id/y",
    " https://oidc.eks.x.amazonaws.com/id/y",
    "https://oidc.eks.x.amazonaws.com/id/y\n",
    "https://oidc.eks.x.amazonaws.com:443/id/y",
    "https://oidc.eks.x.amazonaws.com.evil.example/id/y",
    `https://oidc.eks.x.amazonaws.com/id/${"y".repeat(600)}`,
  ])("never matches %s", (url) => {
    expect(matches(EKS, url)).toBe(false);
  });

  it.each([
    ["http://*.example.com/x", "must start with https://"],
    ["https://*", "must spell out the last two parts of its host name"],
    ["https://*.com", "must spell out the last two parts of its host name"],
    ["https://*.com/a", "must spell out the last two parts of its host name"],
    ["https://a.*.com/a", "must spell out the last two parts of its host name"],
    ["https://a.example.*/a", "must spell out the last two parts of its host name"],
    ["https://example.com:*/a", "is not a URL"],
    ["https://*@example.com/a", "must not contain a user name or password"],
    ["https://a.example.com/*?x", "must not have a query or fragment"],
    ["https://a.example.com/**", "must have a character like . or / between two wildcards"],
    ["https://a.example.com/*a*", "must have a character like . or / between two wildcards"],
    [`https://a.example.com${"/*".repeat(9)}`, "must not have more than 8 wildcards"],
    ["*", "is not a URL"],
  ])("%s is rejected: it %s", (text, reason) => {
    expect(parseIssuerPattern(text)).toEqual({ ok: false, error: { code: "issuer_url_invalid", reason } });
  });

  it("of issuers whose keys are not fetched may have one literal label, and http", () => {
    const inCluster = "http://kubernetes.*.svc:8080/*";
    expect(parseIssuerPattern(inCluster)).toMatchObject({ ok: false });
    const parsed = parseIssuerPattern(inCluster, "static");
    const found = (url: string): boolean => parsed.ok && parsed.value.matches(url);
    expect(found("http://kubernetes.default.svc:8080/A")).toBe(true);
    for (const other of [
      "https://kubernetes.default.svc:8080/A",
      "http://kubernetes.default.svc/A",
      "http://kubernetes.Default.svc:8080/A",
      "http://kubernetes.a.b.svc:8080/A",
      "http://kubernetes.a.svc:8080/",
      "http://kubernetes.a@b.svc:8080/A",
    ]) {
      expect([other, found(other)]).toEqual([other, false]);
    }
    expect(parseIssuerPattern("https://*", "static")).toMatchObject({
      ok: false,
      error: { reason: "must spell out the last part of its host name" },
    });
    expect(parseIssuerPattern("https://a.*", "static")).toMatchObject({ ok: false });
  });

  it("never matches a loopback address if it is none itself", () => {
    const parsed = parseIssuerPattern("http://*.localhost", "static");
    expect(parsed).toMatchObject({ ok: true, value: { isLoopback: true } });
    expect(parsed.ok && parsed.value.matches("http://a.localhost")).toBe(true);
  });

  it("keeps the spelling of its author", () => {
    const spelled = "https://OIDC.example.com:443/realms/*";
    expect(matches(spelled, "https://OIDC.example.com:443/realms/x")).toBe(true);
    expect(matches(spelled, "https://oidc.example.com/realms/x")).toBe(false);
  });
});
