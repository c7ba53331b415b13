// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { GITHUB_CLAIMS } from "../../test/support/authority/identities.ts";
import type { Claims } from "../oidc/claims.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { buildPrincipal, parseProvider } from "./build.ts";
import { PROVIDER_TYPES, PROVIDERS } from "./providers.ts";

/** A release workflow that calls a reusable one. */
const CLAIMS = { ...GITHUB_CLAIMS, aud: "sigstore", iss: "https://token.actions.githubusercontent.com" };

const principal = (claims: Claims = CLAIMS): ReturnType<typeof buildPrincipal> =>
  buildPrincipal(claims as unknown as VerifiedClaims, PROVIDER_TYPES["github-workflow"]);

describe("a GitHub workflow", () => {
  it("gives the same certificate as Fulcio", () => {
    const issuer = "https://token.actions.githubusercontent.com";
    expect(principal()).toEqual({
      ok: true,
      value: {
        subjectAltName: {
          kind: "uri",
          value: "https://github.com/octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
        },
        challenges: ["repo:octo-org/octo-repo:environment:prod"],
        extensions: {
          issuer,
          githubWorkflowTrigger: "workflow_dispatch",
          githubWorkflowSha: "5a1d8f9e6c0b4f7a2d3e8c9b0a1f2e3d4c5b6a79",
          githubWorkflowName: "Release: build & sign ✓",
          githubWorkflowRepository: "octo-org/octo-repo",
          githubWorkflowRef: "refs/heads/main",
          issuerV2: issuer,
          buildSignerUri: "https://github.com/octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
          buildSignerDigest: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
          runnerEnvironment: "github-hosted",
          sourceRepositoryUri: "https://github.com/octo-org/octo-repo",
          sourceRepositoryDigest: "5a1d8f9e6c0b4f7a2d3e8c9b0a1f2e3d4c5b6a79",
          sourceRepositoryRef: "refs/heads/main",
          sourceRepositoryIdentifier: "74",
          sourceRepositoryOwnerUri: "https://github.com/octo-org",
          sourceRepositoryOwnerIdentifier: "65",
          buildConfigUri: "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
          buildConfigDigest: "5a1d8f9e6c0b4f7a2d3e8c9b0a1f2e3d4c5b6a79",
          buildTrigger: "workflow_dispatch",
          runInvocationUri: "https://github.com/octo-org/octo-repo/actions/runs/5038124411/attempts/2",
          sourceRepositoryVisibilityAtSigning: "private",
          tokenSubject: "repo:octo-org/octo-repo:environment:prod",
        },
      },
    });
  });

  it("escapes the name and every URI as Go's JoinPath does", () => {
    const ref = "o/r/.github/workflows/ä b.yml@refs/heads/fix#12";
    const escaped = "https://github.com/o/r/.github/workflows/%C3%A4%20b.yml@refs/heads/fix%2312";
    expect(principal({ ...CLAIMS, job_workflow_ref: ref })).toMatchObject({
      ok: true,
      value: { subjectAltName: { value: escaped }, extensions: { buildSignerUri: escaped } },
    });
  });

  it.each(["o//r", "o/../r", "./r", "o/r/"])("is rejected if %s would have to be cleaned", (repository) => {
    expect(principal({ ...CLAIMS, repository })).toEqual({ ok: false, error: { code: "subject_alt_name_invalid" } });
  });

  it("does not expand the text of a claim", () => {
    expect(principal({ ...CLAIMS, workflow: "{sha} $1 $&" })).toMatchObject({
      ok: true,
      value: { extensions: { githubWorkflowName: "{sha} $1 $&" } },
    });
  });

  it.each([
    "job_workflow_ref",
    "sha",
    "event_name",
    "repository",
    "workflow",
    "ref",
    "job_workflow_sha",
    "runner_environment",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "workflow_ref",
    "workflow_sha",
    "run_id",
    "run_attempt",
  ])("requires %s", (claim) => {
    for (const value of [undefined, null, ""]) {
      expect(principal({ ...CLAIMS, [claim]: value })).toEqual({ ok: false, error: { code: "claim_missing", claim } });
    }
    for (const value of [{}, ["x"], 1, true, 1.5, "a\u0000b", "x".repeat(2049), "\ud800"]) {
      expect(principal({ ...CLAIMS, [claim]: value })).toMatchObject({
        ok: false,
        error: { code: "claim_invalid", claim },
      });
    }
  });

  it("rejects a name that Go cannot parse", () => {
    expect(principal({ ...CLAIMS, job_workflow_ref: "o/r/100%" })).toEqual({
      ok: false,
      error: { code: "subject_alt_name_invalid" },
    });
  });
});

describe("the types from before the templates", () => {
  const builtBy = (type: keyof typeof PROVIDER_TYPES, claims: Claims): ReturnType<typeof buildPrincipal> =>
    buildPrincipal(claims as unknown as VerifiedClaims, PROVIDER_TYPES[type]);
  const GITLAB = {
    iss: "https://gitlab.com",
    sub: "s",
    project_path: "é/p",
    project_id: "20",
    pipeline_source: "push",
    pipeline_id: "574",
    ci_config_ref_uri: "gitlab.com/é/p//.gitlab-ci.yml@refs/heads/a#b",
    namespace_path: "é",
    namespace_id: "72",
    job_id: "3é",
    ref: "main",
    ref_type: "branch",
    sha: "5a",
    runner_environment: "self-hosted",
    runner_id: 1,
  };
  const CODEFRESH = {
    iss: "https://oidc.codefresh.io",
    sub: "s",
    account_id: "1",
    account_name: "é",
    pipeline_id: "2é",
    pipeline_name: "p/n",
    workflow_id: "w#é",
    scm_repo_url: "https://github.com/é",
  };

  // Written by Fulcio 1.8.8.
  it("write every URI in their own way: GitHub", () => {
    const strange = { ...CLAIMS, repository: "o/é", repository_owner: "é", workflow_ref: "w#é", run_attempt: "2é" };
    expect(builtBy("github-workflow", strange)).toMatchObject({
      ok: true,
      value: {
        extensions: {
          githubWorkflowRepository: "o/é",
          sourceRepositoryUri: "https://github.com/o/%C3%A9",
          sourceRepositoryOwnerUri: "https://github.com/%C3%A9",
          buildConfigUri: "https://github.com/w%23%C3%A9",
          runInvocationUri: "https://github.com/o/%C3%A9/actions/runs/5038124411/attempts/2%C3%A9",
        },
      },
    });
  });

  it("write every URI in their own way: GitLab", () => {
    const config = "https://gitlab.com/%C3%A9/p//.gitlab-ci.yml@refs/heads/a#b";
    expect(builtBy("gitlab-pipeline", GITLAB)).toMatchObject({
      ok: true,
      value: {
        subjectAltName: { value: config },
        extensions: {
          buildSignerUri: config,
          buildConfigUri: config,
          sourceRepositoryUri: "https://gitlab.com/%C3%A9/p",
          sourceRepositoryOwnerUri: "https://gitlab.com/%C3%A9",
          runInvocationUri: "https://gitlab.com/%C3%A9/p/-/jobs/3%C3%A9",
        },
      },
    });
  });

  it("write every URI in their own way: Codefresh", () => {
    expect(builtBy("codefresh-workflow", CODEFRESH)).toMatchObject({
      ok: true,
      value: {
        subjectAltName: { value: "https://g.codefresh.io/%C3%A9/p/n:1/2%C3%A9" },
        extensions: {
          buildSignerUri: "https://g.codefresh.io/build/w%23%C3%A9",
          buildConfigUri: "https://g.codefresh.io/api/pipelines/2%C3%A9",
          runInvocationUri: "https://g.codefresh.io/build/w%23%C3%A9",
          sourceRepositoryUri: "https://github.com/é",
        },
      },
    });
  });

  it.each([
    [0, { code: "claim_missing", claim: "runner_id" }],
    [null, { code: "claim_missing", claim: "runner_id" }],
    ["1", { code: "claim_invalid", claim: "runner_id", expected: "an integer" }],
    [1.5, { code: "claim_invalid", claim: "runner_id", expected: "an integer" }],
  ])("reject the runner %j", (runner_id, error) => {
    expect(builtBy("gitlab-pipeline", { ...GITLAB, runner_id })).toEqual({ ok: false, error });
  });
});

describe("a GitHub workflow with templates", () => {
  const byTemplates = (claims: Claims): ReturnType<typeof buildPrincipal> => {
    const provider = PROVIDERS.get("github-workflow");
    if (provider === undefined) throw new Error("no provider");
    return buildPrincipal(claims as unknown as VerifiedClaims, provider);
  };

  it("has the deployment environment if the token names one", () => {
    const { environment: _, ...rest } = CLAIMS;
    expect(byTemplates(CLAIMS)).toMatchObject({ ok: true, value: { extensions: { deploymentEnvironment: "prod" } } });
    expect(byTemplates(rest)).toMatchObject({ ok: true, value: { extensions: { deploymentEnvironment: "" } } });
    expect(byTemplates({ ...CLAIMS, environment: "" })).toMatchObject({ ok: true });
  });

  it("escapes the name as Go's Parse does, and keeps the extensions raw", () => {
    const ref = "o/r/.github/workflows/ä b.yml@refs/heads/main";
    expect(byTemplates({ ...CLAIMS, job_workflow_ref: ref })).toMatchObject({
      ok: true,
      value: {
        subjectAltName: { value: "https://github.com/o/r/.github/workflows/%C3%A4%20b.yml@refs/heads/main" },
        extensions: { buildSignerUri: `https://github.com/${ref}` },
      },
    });
  });

  it("accepts numbers as JSON writes them", () => {
    expect(byTemplates({ ...CLAIMS, run_attempt: 3, repository_id: 74 })).toMatchObject({
      ok: true,
      value: { extensions: { sourceRepositoryIdentifier: "74" } },
    });
  });
});

describe("a template whose names are no web addresses", () => {
  const nameOf = (subjectAltName: string, claims: Claims): unknown => {
    const provider = parseProvider({ subjectAltName, extensions: {} });
    if (!provider.ok) return provider.error[0]?.reason;
    const built = buildPrincipal(
      { iss: "https://a.example", sub: "s", ...claims } as unknown as VerifiedClaims,
      provider.value,
    );
    return built.ok ? built.value.subjectAltName : built.error.code;
  };

  // Go reads the same from a certificate: test/vectors/go-net-url/names.json.
  it.each([
    ["sub", { sub: "p://org/my project/pipeline" }, "p://org/my%20project/pipeline"],
    ["spiffe://example.org/{{ .path }}", { path: "ns/ci/sa/build" }, "spiffe://example.org/ns/ci/sa/build"],
    ["https://ci_host.example.com/{{ .job }}", { job: "7" }, "https://ci_host.example.com/7"],
    ["sub", { sub: "repo:octo-org/octo-repo:ref:refs/heads/main" }, "repo:octo-org/octo-repo:ref:refs/heads/main"],
    ["urn:{{ .a }}", { a: "example:1" }, "urn:example:1"],
    ["{{ .url }}", { url: "https://host.example.com:8443" }, "https://host.example.com:8443"],
    ["https://host.example.com:{{ .port }}/", { port: 8443 }, "https://host.example.com:8443/"],
    ["https:{{ .rest }}", { rest: "//host.example.com/" }, "https://host.example.com/"],
  ])("%s of %j is %s", (template, claims, value) => {
    expect(nameOf(template, claims)).toEqual({ kind: "uri", value });
  });

  it.each([
    "repo/{{ .sub }}",
    "https://user@host.example.com/{{ .sub }}",
    "https:///{{ .sub }}",
    "https:{{ .sub }}%",
    "1:{{ .sub }}",
  ])("%s is rejected when it is read", (template) => {
    expect(nameOf(template, { sub: "x" })).toBe("forms no URI that a certificate can hold, whatever the claims are");
  });

  it("is read if a branch may form a URI", () => {
    expect(nameOf('{{ if eq .kind "web" }}https://a.example/{{ .sub }}{{ end }}', { kind: "web" })).toMatchObject({
      kind: "uri",
    });
  });
});

it("every known provider's table is valid, as it is parsed when a token first needs it", () => {
  const providers = [...PROVIDERS.values(), ...Object.values(PROVIDER_TYPES)];
  for (const { subjectAltName } of providers) expect(subjectAltName.length).toBeGreaterThan(0);
});
