// SPDX-License-Identifier: Apache-2.0
// Every issuer type with a token as its provider documents it, and the expected certificate: names and numbers
// written by hand from the claims and the tables of Fulcio's docs/oid-info.md, without the code under test.

/** A token and the identity that it must yield. */
export interface KnownIdentity {
  readonly name: string;
  /** The issuer's row of the configuration, without its URL. */
  readonly row: Readonly<Record<string, unknown>>;
  /** All claims except iss, aud and the times. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly subjectAltName: { readonly kind: "email" | "uri" | "username"; readonly value: string };
  /** Extension texts by number under 1.3.6.1.4.1.57264.1; 1 and 8 default to the issuer's URL. */
  readonly extensions: Readonly<Record<number, string>>;
  /** The challenge that a client signs. */
  readonly challenge: string;
  /** The required claims. */
  readonly needs: readonly string[];
}

const GITHUB_WORKFLOW = "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main";

/** docs.github.com/actions/reference/openid-connect-reference */
export const GITHUB_CLAIMS = {
  jti: "6f0f24f6-04d6-4b0c-9b4d-7a29fd0b1c2c",
  sub: "repo:octo-org/octo-repo:environment:prod",
  ref: "refs/heads/main",
  sha: "5a1d8f9e6c0b4f7a2d3e8c9b0a1f2e3d4c5b6a79",
  repository: "octo-org/octo-repo",
  repository_owner: "octo-org",
  repository_owner_id: "65",
  repository_id: "74",
  repository_visibility: "private",
  run_id: "5038124411",
  run_number: "10",
  run_attempt: "2",
  runner_environment: "github-hosted",
  actor: "octocat",
  actor_id: "12",
  workflow: "Release: build & sign ✓",
  workflow_ref: "octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
  workflow_sha: "5a1d8f9e6c0b4f7a2d3e8c9b0a1f2e3d4c5b6a79",
  head_ref: "",
  base_ref: "",
  event_name: "workflow_dispatch",
  ref_protected: "true",
  ref_type: "branch",
  job_workflow_ref: GITHUB_WORKFLOW,
  job_workflow_sha: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
  environment: "prod",
} as const;

/** A push to the main branch of a public repository, whose release workflow is its own. */
export const PUSH_CLAIMS = {
  iss: "https://token.actions.githubusercontent.com",
  sub: "repo:octo-org/octo-repo:ref:refs/heads/main",
  aud: "sigstore",
  event_name: "push",
  sha: "a".repeat(40),
  workflow: "release",
  repository: "octo-org/octo-repo",
  ref: "refs/heads/main",
  job_workflow_ref: "octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
  job_workflow_sha: "b".repeat(40),
  runner_environment: "github-hosted",
  repository_id: "74",
  repository_owner: "octo-org",
  repository_owner_id: "65",
  workflow_ref: "octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
  workflow_sha: "c".repeat(40),
  run_id: "12",
  run_attempt: "1",
  repository_visibility: "public",
} as const;

const GITHUB_EXTENSIONS = {
  2: "workflow_dispatch",
  3: "5a1d8f9e6c0b4f7a2d3e8c9b0a1f2e3d4c5b6a79",
  4: "Release: build & sign ✓",
  5: "octo-org/octo-repo",
  6: "refs/heads/main",
  9: `https://github.com/${GITHUB_WORKFLOW}`,
  10: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
  11: "github-hosted",
  12: "https://github.com/octo-org/octo-repo",
  13: "5a1d8f9e6c0b4f7a2d3e8c9b0a1f2e3d4c5b6a79",
  14: "refs/heads/main",
  15: "74",
  16: "https://github.com/octo-org",
  17: "65",
  18: "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
  19: "5a1d8f9e6c0b4f7a2d3e8c9b0a1f2e3d4c5b6a79",
  20: "workflow_dispatch",
  21: "https://github.com/octo-org/octo-repo/actions/runs/5038124411/attempts/2",
  22: "private",
  24: "repo:octo-org/octo-repo:environment:prod",
};
const GITHUB_NEEDS =
  "event_name sha workflow repository ref job_workflow_ref job_workflow_sha runner_environment repository_id repository_owner " +
  "repository_owner_id workflow_ref workflow_sha run_id run_attempt repository_visibility";

/** docs.gitlab.com/ci/secrets/id_token_authentication */
const GITLAB_CLAIMS = {
  jti: "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
  sub: "project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1",
  namespace_id: "72",
  namespace_path: "my-group",
  project_id: "20",
  project_path: "my-group/my-project",
  user_id: "1",
  user_login: "sample-user",
  user_email: "sample-user@example.com",
  user_access_level: "developer",
  pipeline_id: "574",
  pipeline_source: "push",
  job_id: "302",
  ref: "feature-branch-1",
  ref_type: "branch",
  ref_path: "refs/heads/feature-branch-1",
  ref_protected: "false",
  environment: "test-environment2",
  environment_protected: "false",
  deployment_tier: "testing",
  runner_id: 1,
  runner_environment: "self-hosted",
  sha: "714a629c0b401fdce83e847fc9589983fc6f46bc",
  project_visibility: "public",
  ci_config_ref_uri: "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/heads/main",
  ci_config_sha: "714a629c0b401fdce83e847fc9589983fc6f46bd",
};
const GITLAB_PIPELINE = "https://gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/heads/main";
const GITLAB_EXTENSIONS = {
  9: GITLAB_PIPELINE,
  10: "714a629c0b401fdce83e847fc9589983fc6f46bd",
  11: "self-hosted",
  12: "https://gitlab.com/my-group/my-project",
  13: "714a629c0b401fdce83e847fc9589983fc6f46bc",
  14: "refs/heads/feature-branch-1",
  15: "20",
  16: "https://gitlab.com/my-group",
  17: "72",
  18: GITLAB_PIPELINE,
  19: "714a629c0b401fdce83e847fc9589983fc6f46bd",
  20: "push",
  21: "https://gitlab.com/my-group/my-project/-/jobs/302",
  22: "public",
  24: "project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1",
};
const GITLAB_NEEDS =
  "ci_config_ref_uri runner_environment project_path sha ref_type ref project_id namespace_path namespace_id pipeline_source job_id";

/** buildkite.com/docs/agent/v3/cli-oidc */
const BUILDKITE_CLAIMS = {
  sub: "organization:acme-inc:pipeline:super-duper-app:ref:refs/heads/main:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:build",
  organization_slug: "acme-inc",
  organization_id: "f02d6a6f-7a0e-481d-9d6d-89b427aec48d",
  pipeline_slug: "super-duper-app",
  pipeline_id: "00000000-8bcc-472b-86d6-cc4efa5fb6af",
  build_number: 1,
  build_branch: "main",
  build_commit: "9f3182061f1e2cca4702c368cbc039b7dc9d4485",
  build_source: "webhook",
  step_key: "build",
  job_id: "0184990a-477b-4fa8-9968-496074483cee",
  agent_id: "0184990a-4782-42b5-afc1-16715b10b8ff",
  runner_environment: "self-hosted",
};

/** codefresh.io/docs/docs/integrations/oidc-pipelines */
const CODEFRESH_CLAIMS = {
  sub: "account:628a80b693a15c0f9c13ab75:pipeline:65e5a53e52853dc51a5b0cc1:scm_repo_url:https://github.com/codefresh-user/oidc-test:scm_user_name:codefresh-user:scm_ref:main",
  account_id: "628a80b693a15c0f9c13ab75",
  account_name: "codefresh-account",
  pipeline_id: "65e5a53e52853dc51a5b0cc1",
  pipeline_name: "oidc-test/get-token",
  workflow_id: "64f447c02199f903000gh20",
  initiator: "codefresh-user",
  scm_user_name: "codefresh-user",
  scm_repo_url: "https://github.com/codefresh-user/oidc-test",
  scm_ref: "main",
  runner_environment: "hybrid",
};
const CODEFRESH_EXTENSIONS = {
  9: "https://g.codefresh.io/build/64f447c02199f903000gh20",
  11: "hybrid",
  12: "https://github.com/codefresh-user/oidc-test",
  14: "main",
  18: "https://g.codefresh.io/api/pipelines/65e5a53e52853dc51a5b0cc1",
  21: "https://g.codefresh.io/build/64f447c02199f903000gh20",
  24: CODEFRESH_CLAIMS.sub,
};
const CODEFRESH_NAME =
  "https://g.codefresh.io/codefresh-account/oidc-test/get-token:628a80b693a15c0f9c13ab75/65e5a53e52853dc51a5b0cc1";
const CODEFRESH_NEEDS = "account_id account_name pipeline_id pipeline_name workflow_id";

/** circleci.com/docs/openid-connect-tokens */
const CIRCLECI_CLAIMS = {
  sub: "org/3a2f/project/76a1/user/5f1c",
  "oidc.circleci.com/context-ids": ["87b3e59a-2d0f-4f4c-9e1d-4f2a0a3a7d11"],
  "oidc.circleci.com/project-id": "76a1c6a4-1d3f-4b8a-8a5e-b3a0c5f1a2d3",
  "oidc.circleci.com/pipeline-id": "e1a2b3c4-0000-4000-8000-000000000001",
  "oidc.circleci.com/pipeline-definition-id": "e1a2b3c4-0000-4000-8000-000000000002",
  "oidc.circleci.com/workflow-id": "e1a2b3c4-0000-4000-8000-000000000003",
  "oidc.circleci.com/job-id": "e1a2b3c4-0000-4000-8000-000000000004",
  "oidc.circleci.com/org-id": "3a2f",
  "oidc.circleci.com/ssh-rerun": false,
  "oidc.circleci.com/vcs-ref": "refs/heads/main",
  "oidc.circleci.com/vcs-origin": "github.com/acme/widget",
};
const CIRCLECI_DEFINITION =
  "https://circleci.com/api/v2/projects/76a1c6a4-1d3f-4b8a-8a5e-b3a0c5f1a2d3/pipeline-definitions/e1a2b3c4-0000-4000-8000-000000000002";
const CIRCLECI_EXTENSIONS = {
  9: CIRCLECI_DEFINITION,
  12: "github.com/acme/widget",
  14: "refs/heads/main",
  18: "https://circleci.com/api/v2/pipeline/e1a2b3c4-0000-4000-8000-000000000001/config",
  21: "https://app.circleci.com//workflow/e1a2b3c4-0000-4000-8000-000000000003/job/e1a2b3c4-0000-4000-8000-000000000004",
  24: CIRCLECI_CLAIMS.sub,
};
const CIRCLECI_NEEDS = "oidc.circleci.com/project-id oidc.circleci.com/pipeline-definition-id";

/** buddy.works/docs/pipelines/oidc */
const BUDDY_CLAIMS = {
  sub: "workspace:acme:project:widget:pipeline:1234",
  base_url: "https://app.buddy.works",
  workspace_domain: "acme",
  project_name: "widget",
  pipeline_id: 1234,
  execution_id: "65f0c0ffee",
  triggered_on: "ON_EVERY_EXECUTION",
  runner_environment: "platform-hosted",
  revision: "0f4d2c1b3a59687766554433221100ffeeddccbb",
  ref: "refs/heads/main",
};
const BUDDY_PIPELINE = "https://app.buddy.works/acme/widget/pipelines/pipeline/1234";
const BUDDY_EXTENSIONS = {
  9: BUDDY_PIPELINE,
  11: "platform-hosted",
  12: "https://app.buddy.works/acme/widget",
  13: "0f4d2c1b3a59687766554433221100ffeeddccbb",
  14: "refs/heads/main",
  16: "https://app.buddy.works/acme",
  20: "ON_EVERY_EXECUTION",
  21: `${BUDDY_PIPELINE}/execution/65f0c0ffee`,
  24: BUDDY_CLAIMS.sub,
};
const BUDDY_NEEDS = "workspace_domain project_name pipeline_id execution_id triggered_on runner_environment";

/** kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin */
const KUBERNETES_CLAIMS = {
  sub: "system:serviceaccount:release:signer",
  "kubernetes.io": {
    namespace: "release",
    node: { name: "127.0.0.1", uid: "58456cb0-dd00-45ed-b797-5578fdceaced" },
    pod: { name: "signer-69cbfb9798-jv9gn", uid: "778a530c-b3f4-47c0-9cd5-ab018fb64f33" },
    serviceaccount: { name: "signer", uid: "a087d5a0-e1dd-43ec-93ac-f13d89cd13af" },
    warnafter: 1700081020,
  },
};

const words = (text: string): readonly string[] => text.split(" ");

type Build = Pick<KnownIdentity, "claims" | "extensions" | "needs"> & { readonly name: string; readonly uri: string };

const build = (row: KnownIdentity["row"], { name, uri, claims, extensions, needs }: Build): KnownIdentity => ({
  name,
  row,
  claims,
  subjectAltName: { kind: "uri", value: uri },
  extensions,
  challenge: String(claims["sub"]),
  needs: [...needs, "sub"],
});

const ciProvider = (provider: string, parts: Omit<Build, "name">): KnownIdentity =>
  build({ type: "ci-provider", "ci-provider": provider }, { name: `ci-provider ${provider}`, ...parts });
const ownType = (type: string, parts: Omit<Build, "name">): KnownIdentity => build({ type }, { name: type, ...parts });

const BUILDS: readonly KnownIdentity[] = [
  ciProvider("github-workflow", {
    uri: `https://github.com/${GITHUB_WORKFLOW}`,
    claims: GITHUB_CLAIMS,
    extensions: { ...GITHUB_EXTENSIONS, 23: "prod" },
    needs: words(GITHUB_NEEDS),
  }),
  ownType("github-workflow", {
    uri: `https://github.com/${GITHUB_WORKFLOW}`,
    claims: GITHUB_CLAIMS,
    extensions: GITHUB_EXTENSIONS,
    needs: words(GITHUB_NEEDS),
  }),
  ciProvider("gitlab-pipeline", {
    uri: GITLAB_PIPELINE,
    claims: GITLAB_CLAIMS,
    extensions: { ...GITLAB_EXTENSIONS, 23: "test-environment2" },
    needs: [...words(GITLAB_NEEDS), "ci_config_sha", "project_visibility"],
  }),
  ownType("gitlab-pipeline", {
    uri: GITLAB_PIPELINE,
    claims: GITLAB_CLAIMS,
    extensions: GITLAB_EXTENSIONS,
    needs: [...words(GITLAB_NEEDS), "pipeline_id", "runner_id"],
  }),
  ciProvider("buildkite-job", {
    uri: "https://buildkite.com/acme-inc/super-duper-app",
    claims: BUILDKITE_CLAIMS,
    extensions: {
      11: "self-hosted",
      13: "9f3182061f1e2cca4702c368cbc039b7dc9d4485",
      20: "webhook",
      21: "https://buildkite.com/acme-inc/super-duper-app/builds/1#0184990a-477b-4fa8-9968-496074483cee",
      24: BUILDKITE_CLAIMS.sub,
    },
    needs: words("organization_slug pipeline_slug build_number job_id build_commit build_source runner_environment"),
  }),
  ownType("buildkite-job", {
    uri: "https://buildkite.com/acme-inc/super-duper-app",
    claims: BUILDKITE_CLAIMS,
    extensions: { 24: BUILDKITE_CLAIMS.sub },
    needs: words("organization_slug pipeline_slug"),
  }),
  ...[ciProvider, ownType].map((make) =>
    make("codefresh-workflow", {
      uri: CODEFRESH_NAME,
      claims: CODEFRESH_CLAIMS,
      extensions: CODEFRESH_EXTENSIONS,
      needs: words(CODEFRESH_NEEDS),
    }),
  ),
  ...[ciProvider, ownType].map((make) =>
    make("circleci-job", {
      uri: CIRCLECI_DEFINITION,
      claims: CIRCLECI_CLAIMS,
      extensions: CIRCLECI_EXTENSIONS,
      needs: words(CIRCLECI_NEEDS),
    }),
  ),
  ...[ciProvider, ownType].map((make) =>
    make("buddy-pipeline", {
      uri: BUDDY_PIPELINE,
      claims: BUDDY_CLAIMS,
      extensions: BUDDY_EXTENSIONS,
      needs: words(BUDDY_NEEDS),
    }),
  ),
];

export const KNOWN_IDENTITIES: readonly KnownIdentity[] = [
  {
    name: "email",
    row: { type: "email" },
    claims: {
      sub: "110169484474386276334",
      email: "Alice.O'Neil@example.com",
      email_verified: true,
      hd: "example.com",
    },
    subjectAltName: { kind: "email", value: "Alice.O'Neil@example.com" },
    extensions: { 24: "110169484474386276334" },
    challenge: "Alice.O'Neil@example.com",
    needs: ["email", "email_verified", "sub"],
  },
  {
    name: "email behind a federating provider",
    row: { type: "email", "issuer-claim": "$.federated_claims.connector_id" },
    claims: {
      sub: "CgcxMjM0NTY3EiZodHRwczovL2dpdGh1Yi5jb20",
      email: "alice@example.com",
      email_verified: "true",
      federated_claims: { connector_id: "https://github.com/login/oauth", user_id: "1234567" },
    },
    subjectAltName: { kind: "email", value: "alice@example.com" },
    extensions: {
      1: "https://github.com/login/oauth",
      8: "https://github.com/login/oauth",
      24: "CgcxMjM0NTY3EiZodHRwczovL2dpdGh1Yi5jb20",
    },
    challenge: "alice@example.com",
    needs: ["email", "email_verified", "federated_claims", "sub"],
  },
  {
    name: "email of a provider that never says email_verified",
    row: { type: "email", "skip-email-verification": true },
    claims: { sub: "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", email: "alice@contoso.example", tid: "9122040d" },
    subjectAltName: { kind: "email", value: "alice@contoso.example" },
    extensions: { 24: "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ" },
    challenge: "alice@contoso.example",
    needs: ["email", "sub"],
  },
  {
    name: "username",
    row: { type: "username", "subject-domain": "HOST" },
    claims: { sub: "alice" },
    subjectAltName: { kind: "username", value: "alice!HOST" },
    extensions: { 24: "alice" },
    challenge: "alice",
    needs: ["sub"],
  },
  {
    name: "uri",
    row: { type: "uri", "subject-domain": "ORIGIN" },
    claims: { sub: "ORIGIN/users/1?a=b" },
    subjectAltName: { kind: "uri", value: "ORIGIN/users/1?a=b" },
    extensions: { 24: "ORIGIN/users/1?a=b" },
    challenge: "ORIGIN/users/1?a=b",
    needs: ["sub"],
  },
  {
    name: "spiffe",
    row: { type: "spiffe", "spiffe-trust-domain": "prod.example.org" },
    claims: { sub: "spiffe://prod.example.org/ns/release/sa/signer" },
    subjectAltName: { kind: "uri", value: "spiffe://prod.example.org/ns/release/sa/signer" },
    extensions: { 24: "spiffe://prod.example.org/ns/release/sa/signer" },
    challenge: "spiffe://prod.example.org/ns/release/sa/signer",
    needs: ["sub"],
  },
  {
    name: "kubernetes",
    row: { type: "kubernetes" },
    claims: KUBERNETES_CLAIMS,
    subjectAltName: { kind: "uri", value: "https://kubernetes.io/namespaces/release/serviceaccounts/signer" },
    extensions: { 24: "system:serviceaccount:release:signer" },
    challenge: "system:serviceaccount:release:signer",
    needs: ["kubernetes.io", "sub"],
  },
  {
    name: "chainguard-identity",
    row: { type: "chainguard-identity" },
    claims: { sub: "9be4e7a1c0d1a8c3d3d1f2b34c5d6e7f8a9b0c1d/7f9d1c2b3a4e5f60", act: { aud: "x", iss: "y", sub: "z" } },
    subjectAltName: { kind: "uri", value: "ISSUER/9be4e7a1c0d1a8c3d3d1f2b34c5d6e7f8a9b0c1d/7f9d1c2b3a4e5f60" },
    extensions: { 24: "9be4e7a1c0d1a8c3d3d1f2b34c5d6e7f8a9b0c1d/7f9d1c2b3a4e5f60" },
    challenge: "9be4e7a1c0d1a8c3d3d1f2b34c5d6e7f8a9b0c1d/7f9d1c2b3a4e5f60",
    needs: ["sub"],
  },
  ...BUILDS,
];

/** Replaces ISSUER, ORIGIN and HOST by an issuer's real address and its parts. */
export function identityAt(identity: KnownIdentity, issuer: string): KnownIdentity {
  const { origin, hostname } = new URL(issuer);
  const text = JSON.stringify(identity).replaceAll("ISSUER", issuer).replaceAll("ORIGIN", origin);
  return JSON.parse(text.replaceAll("HOST", hostname)) as KnownIdentity;
}
