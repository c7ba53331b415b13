// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseIssuers } from "../../shared/identity/configuration/configuration.ts";
import { PUBLIC_ISSUERS } from "../../shared/identity/public-issuers.ts";
import { splitSetting } from "../../shared/settings/parts.ts";
import { ROOT } from "../root.ts";
import { readIssuersFile } from "./issuers-file.ts";

/**
 * A configuration with everything that the public instance's has in it: anchors as values and as keys, both kinds of
 * issuers.
 */
const LIKE_FULCIO = `# A license
define:
  - &widget-type "widget-build"
  - &circleci-type circleci-job
oidc-issuers:
  https://ci.widget.example:
    issuer-url: https://ci.widget.example
    client-id: sigstore
    type: ci-provider
    ci-provider: *widget-type
    contact: ops@widget.example
    description: "Widget"
    environment: production
  https://staging.widget.example:
    issuer-url: https://staging.widget.example
    client-id: sigstore
    type: ci-provider
    ci-provider: *widget-type
    environment: staging
  https://oidc.circleci.com:
    issuer-url: https://oidc.circleci.com
    client-id: sigstore
    type: ci-provider
    ci-provider: *circleci-type
  https://dex.example/auth:
    issuer-url: https://dex.example/auth
    client-id: sigstore
    type: email
    issuer-claim: $.federated_claims.connector_id
meta-issuers:
  # every cluster
  https://oidc.eks.*.amazonaws.com/id/*:
    client-id: sigstore
    type: kubernetes
ci-issuer-metadata:
  *widget-type:
    default-template-values:
      url: "https://widget.example"
      # nothing
      environment: ""
    extension-templates:
      build-signer-uri: "{{ .url }}/{{ .job }}" # a remark
      source-repository-ref: refs/{{if eq .ref_type "branch"}}heads/{{ else }}tags/{{end}}{{ .ref }}
      runner-environment: '{{if eq (index . "widget.example/ssh") "true"}}ssh{{ else }}""{{end}}'
    subject-alternative-name-template: "{{.url}}/{{.job}}"
  *circleci-type:
    default-template-values:
      api_url: "https://circleci.com/api/v2"
    subject-alternative-name-template: '{{.api_url}}/projects/{{(index . "oidc.circleci.com/project-id")}}'
`;

const lineOf = (needle: string, text = LIKE_FULCIO): number => text.slice(0, text.indexOf(needle)).split("\n").length;

/** As for Fulcio, which ignores environments. */
const EVERY_ENVIRONMENT = LIKE_FULCIO.replace(/^ +environment: \w+\n/gm, "");

describe("a file of issuers", () => {
  it("is read as Fulcio reads it", () => {
    const file = readIssuersFile(EVERY_ENVIRONMENT);
    if (!file.ok) throw new Error(file.error.join("\n"));
    expect(file.value.issuers.map(({ url, identity }) => [url, identity.type])).toEqual([
      ["https://ci.widget.example", "ci-provider"],
      ["https://staging.widget.example", "ci-provider"],
      ["https://oidc.circleci.com", "ci-provider"],
      ["https://dex.example/auth", "email"],
      ["https://oidc.eks.*.amazonaws.com/id/*", "kubernetes"],
    ]);
  });

  it("keeps everything in the setting except members for people", () => {
    const file = readIssuersFile(EVERY_ENVIRONMENT);
    if (!file.ok) throw new Error(file.error.join("\n"));
    expect(JSON.stringify(parseIssuers(file.value.setting, []))).toBe(
      JSON.stringify({ ok: true, value: file.value.issuers }),
    );
    expect(file.value.setting).not.toMatch(/ops@|Widget"|"client-id"|define/);
  });

  it("can be reduced to an environment", () => {
    const file = readIssuersFile(LIKE_FULCIO, { environment: "production" });
    expect(file.ok && file.value.issuers.map(({ url }) => url)).toEqual([
      "https://ci.widget.example",
      "https://oidc.circleci.com",
      "https://dex.example/auth",
      "https://oidc.eks.*.amazonaws.com/id/*",
    ]);
  });

  it("that names environments needs the choice of one that it has", () => {
    const problems = (environment: string | null, text = LIKE_FULCIO): unknown =>
      readIssuersFile(text, { environment });
    const environments = '"production" and "staging"';
    expect(problems(null)).toEqual({
      ok: false,
      error: [`has issuers of the environment ${environments}; choose one with --environment`],
    });
    const row = (environment: string): string =>
      `oidc-issuers:\n  https://a.example:\n    type: email\n    environment: ${environment}\n`;
    expect(problems("production", row("staging"))).toEqual({
      ok: false,
      error: ['has no issuer of the environment "production", only of "staging"'],
    });
    for (const environment of [null, "production"])
      expect(problems(environment, row('""'))).toMatchObject({ ok: true });
  });

  it("may be one word for the issuers of the public instance", () => {
    for (const text of ["public", "# everyone\npublic\n"]) {
      expect(readIssuersFile(text)).toEqual({ ok: true, value: { issuers: PUBLIC_ISSUERS, setting: "public" } });
    }
    expect(readIssuersFile("everyone").ok).toBe(false);
  });

  it.each([
    "policy",
    "jwks",
    "client-id",
    "client-ids",
    "one-time-tokens",
    "omit-extensions",
    "issuer-claim",
    "environment",
  ])("whose %s has no value is refused, with its line", (member) => {
    const text = `oidc-issuers:\n  https://a.example:\n    type: email\n    ${member}:\n      # - claim: sub\n`;
    expect(readIssuersFile(text)).toMatchObject({
      error: [
        expect.stringMatching(new RegExp(`^line 4: .*\\.${member} has no value: write one, or remove`)) as string,
      ],
    });
  });

  it.each(["all", "any", "claim", "equals"])("whose policy has %s without a value is refused", (member) => {
    const text = `oidc-issuers:\n  https://a.example:\n    type: email\n    policy: {claim: sub, prefix: a, ${member}: null}\n`;
    expect(readIssuersFile(text).ok).toBe(false);
  });

  it("in docs/ equals the default without a configuration", () => {
    const file = readIssuersFile(readFileSync(join(ROOT, "docs", "public-issuers.yaml"), "utf8"));
    if (!file.ok) throw new Error(file.error.join("\n"));
    const byUrl = (issuers: readonly { readonly url: string }[]): object =>
      JSON.parse(JSON.stringify(issuers.toSorted((a, b) => (a.url < b.url ? -1 : 1)))) as object;
    expect(byUrl(file.value.issuers)).toEqual(byUrl(PUBLIC_ISSUERS));
    expect(file.value.setting.length).toBeLessThan(5000);
  });

  const guide = readFileSync(join(ROOT, "docs", "identities.md"), "utf8");
  const examples = Array.from(guide.matchAll(/^```yaml\n(.*?)^```$/gms), ([, yaml = ""]) => yaml);
  it.each(examples.filter((yaml) => yaml.includes("oidc-issuers:")))("in the guide is valid: example %#", (yaml) => {
    const file = readIssuersFile(yaml);
    expect(file.ok ? [] : file.error).toEqual([]);
  });

  it("of the public instance is accepted unchanged (if SIGEDGE_FULCIO_CONFIG names a copy)", () => {
    const path = process.env["SIGEDGE_FULCIO_CONFIG"];
    const text = path === undefined ? LIKE_FULCIO : readFileSync(path, "utf8");
    const file = readIssuersFile(text, { environment: "production" });
    if (!file.ok) throw new Error(file.error.join("\n"));
    if (path !== undefined) {
      const urls = (issuers: readonly { readonly url: string }[]): readonly string[] =>
        issuers.map(({ url }) => url).toSorted();
      expect(urls(file.value.issuers)).toEqual(urls(PUBLIC_ISSUERS));
    }
  });

  it("may be JSON with the field names of Go", () => {
    const json = {
      OIDCIssuers: {
        "https://a.example": {
          IssuerURL: "https://a.example",
          ClientID: "sigstore",
          Type: "email",
          SkipEmailVerification: true,
        },
        "https://td.example": {
          IssuerURL: "https://td.example",
          ClientID: "x",
          Type: "spiffe",
          SPIFFETrustDomain: "td.example",
        },
        "https://ci.example": { Type: "ci-provider", CIProvider: "w" },
      },
      MetaIssuers: { "https://a.b.example/*": { ClientID: "sigstore", Type: "kubernetes" } },
      CIIssuerMetadata: {
        w: { ExtensionTemplates: { BuildSignerURI: "x" }, SubjectAlternativeNameTemplate: "{{ .x }}" },
      },
    };
    const file = readIssuersFile(JSON.stringify(json, null, 1));
    if (!file.ok) throw new Error(file.error.join("\n"));
    expect(file.value.issuers).toHaveLength(4);
    expect(parseIssuers(file.value.setting, []).ok).toBe(true);
  });

  const change = (from: string, to: string): string => LIKE_FULCIO.replace(from, to);
  it.each<[string, string, string]>([
    [
      change("    type: email", "    type: mail"),
      "    type: mail",
      'oidc-issuers["https://dex.example/auth"].type must be one of email, ',
    ],
    [
      change("issuer-url: https://dex.example/auth", "issuer-url: https://dex.example"),
      "issuer-url: https://dex.example\n",
      'oidc-issuers["https://dex.example/auth"].issuer-url must be the key of its row',
    ],
    [
      change("issuer-claim: $.fed", "issuer-claim: $..fed"),
      "issuer-claim",
      'oidc-issuers["https://dex.example/auth"].issuer-claim must be a path like',
    ],
    [change("    type: kubernetes", "    type: spiffe"), "    type: spiffe", ""],
    [
      change("https://oidc.eks.*.amazonaws.com", "https://*"),
      "  https://*",
      'meta-issuers["https://*/id/*"] must spell out',
    ],
    [change("  https://dex.example/auth:", "  http://dex.example/auth:"), "  http://dex.example/auth:", ""],
    [
      change("{{ .url }}/{{ .job }}", "{{ .url }}/{{ printf .job }}"),
      "build-signer-uri",
      "ci-issuer-metadata.widget-build.extension-templates.build-signer-uri has {{ printf .job }}, which is not supported",
    ],
    [
      change("build-signer-uri", "build-signer-url"),
      "build-signer-url",
      "ci-issuer-metadata.widget-build.extension-templates.build-signer-url is not known; known are ",
    ],
    [change('    subject-alternative-name-template: "{{.url}}', '    subject-name: "{{.url}}'), "    subject-name", ""],
    [
      change("    contact: ops", "    contacts: ops"),
      "    contacts",
      'oidc-issuers["https://ci.widget.example"].contacts is not known',
    ],
    [
      change("    client-id: sigstore", "    client-id: 5"),
      "    client-id: 5",
      'oidc-issuers["https://ci.widget.example"].client-id must be a string that is not empty',
    ],
    [
      change('    description: "Widget"', "    policy: [{claim: a, equals: b, prefix: c}]"),
      "    policy",
      "must have all or any, or claim with one of equals, prefix, pattern",
    ],
    [
      change('    description: "Widget"', "    ca-cert: |\n      -----BEGIN"),
      "    ca-cert",
      "ca-cert is not supported: a Worker takes public certificates only",
    ],
    [
      change('    description: "Widget"', "    issuer-claim: $.a"),
      "    issuer-claim: $.a",
      "issuer-claim is not for issuers of type ci-provider",
    ],
    [change("meta-issuers:", "meta-issuer:"), "meta-issuer:", "meta-issuer is not known; known are oidc-issuers"],
    [
      change("    ci-provider: *widget-type", "    ci-provider: widget"),
      "    ci-provider: widget",
      "must be one of github-workflow, ",
    ],
  ])("names the line of what is wrong (case %#)", (text, needle, problem) => {
    const file = readIssuersFile(text);
    const problems = file.ok ? [] : file.error;
    expect(problems.some((line) => line.startsWith(`line ${lineOf(needle, text)}: `) && line.includes(problem))).toBe(
      true,
    );
  });

  it.each([
    ["oidc-issuers: [", "line 1: "],
    ["a: 1\na: 2\n", "line 2: Map keys must be unique"],
    ["a: *nobody\n", "Unresolved alias"],
    ["just text", "line 1: must be an object with oidc-issuers, or a list of issuers"],
    [
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]\n`,
      "Excessive alias count",
    ],
  ])("says that it is no configuration: %j", (text, problem) => {
    const file = readIssuersFile(text);
    expect(file.ok ? "" : file.error.join("\n")).toContain(problem);
  });
});

describe("a long setting", () => {
  it("goes over several, none of more than 5 KB", () => {
    const text = "ä".repeat(6001);
    const parts = splitSetting("ISSUERS", text);
    if (!parts.ok) throw new Error(parts.error);
    expect(Object.keys(parts.value)).toEqual(["ISSUERS", "ISSUERS_2", "ISSUERS_3"]);
    expect(Object.values(parts.value).join("")).toBe(text);
    expect(Math.max(...Object.values(parts.value).map((part) => Buffer.byteLength(part)))).toBeLessThanOrEqual(5000);
    expect(splitSetting("X", "short")).toEqual({ ok: true, value: { X: "short" } });
    expect(splitSetting("X", "x".repeat(20_001))).toEqual({ ok: false, error: "is 20001 bytes long, and 20000 fit" });
  });
});
