// SPDX-License-Identifier: Apache-2.0
// The build systems known by name: which claims of a job's token form which part of the certificate. A configuration
// may replace any of them or add its own under `ci-issuer-metadata`.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md; the claims are those that each provider
// documents: docs.github.com/actions/reference/openid-connect-reference,
// docs.gitlab.com/ci/secrets/id_token_authentication, buildkite.com/docs/agent/v3/cli-oidc,
// codefresh.io/docs/docs/integrations/oidc-pipelines, circleci.com/docs/openid-connect-tokens,
// buddy.works/docs/pipelines/oidc.

import { type BuildProvider, type Demands, type ProviderSource, parseProvider } from "./build.ts";

const GITHUB: ProviderSource = {
  defaults: { url: "https://github.com", environment: "" },
  subjectAltName: "{{ .url }}/{{ .job_workflow_ref }}",
  extensions: {
    githubWorkflowTrigger: "event_name",
    githubWorkflowSha: "sha",
    githubWorkflowName: "workflow",
    githubWorkflowRepository: "repository",
    githubWorkflowRef: "ref",
    buildSignerUri: "{{ .url }}/{{ .job_workflow_ref }}",
    buildSignerDigest: "job_workflow_sha",
    runnerEnvironment: "runner_environment",
    sourceRepositoryUri: "{{ .url }}/{{ .repository }}",
    sourceRepositoryDigest: "sha",
    sourceRepositoryRef: "ref",
    sourceRepositoryIdentifier: "repository_id",
    sourceRepositoryOwnerUri: "{{ .url }}/{{ .repository_owner }}",
    sourceRepositoryOwnerIdentifier: "repository_owner_id",
    buildConfigUri: "{{ .url }}/{{ .workflow_ref }}",
    buildConfigDigest: "workflow_sha",
    buildTrigger: "event_name",
    runInvocationUri: "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}",
    sourceRepositoryVisibilityAtSigning: "repository_visibility",
    deploymentEnvironment: "environment",
  },
};

const GITLAB: ProviderSource = {
  defaults: { url: "https://gitlab.com", environment: "" },
  // ci_config_ref_uri is a URL without its scheme: gitlab.com/group/project//.gitlab-ci.yml@refs/heads/main
  subjectAltName: "https://{{ .ci_config_ref_uri }}",
  extensions: {
    buildSignerUri: "https://{{ .ci_config_ref_uri }}",
    // Null if the definition of the pipeline does not lie in the same GitLab.
    buildSignerDigest: "ci_config_sha",
    runnerEnvironment: "runner_environment",
    sourceRepositoryUri: "{{ .url }}/{{ .project_path }}",
    sourceRepositoryDigest: "sha",
    sourceRepositoryRef: 'refs/{{ if eq .ref_type "branch" }}heads/{{ else }}tags/{{ end }}{{ .ref }}',
    sourceRepositoryIdentifier: "project_id",
    sourceRepositoryOwnerUri: "{{ .url }}/{{ .namespace_path }}",
    sourceRepositoryOwnerIdentifier: "namespace_id",
    buildConfigUri: "https://{{ .ci_config_ref_uri }}",
    buildConfigDigest: "ci_config_sha",
    buildTrigger: "pipeline_source",
    runInvocationUri: "{{ .url }}/{{ .project_path }}/-/jobs/{{ .job_id }}",
    sourceRepositoryVisibilityAtSigning: "project_visibility",
    deploymentEnvironment: "environment",
  },
};

const BUILDKITE: ProviderSource = {
  defaults: { url: "https://buildkite.com" },
  subjectAltName: "{{ .url }}/{{ .organization_slug }}/{{ .pipeline_slug }}",
  extensions: {
    runnerEnvironment: "runner_environment",
    sourceRepositoryDigest: "build_commit",
    buildTrigger: "build_source",
    runInvocationUri:
      "{{ .url }}/{{ .organization_slug }}/{{ .pipeline_slug }}/builds/{{ .build_number }}#{{ .job_id }}",
  },
};

const CODEFRESH: ProviderSource = {
  defaults: { platform_url: "https://g.codefresh.io", scm_repo_url: "", scm_ref: "", runner_environment: "" },
  subjectAltName: "{{ .platform_url }}/{{ .account_name }}/{{ .pipeline_name }}:{{ .account_id }}/{{ .pipeline_id }}",
  extensions: {
    buildSignerUri: "{{ .platform_url }}/build/{{ .workflow_id }}",
    runnerEnvironment: "runner_environment",
    sourceRepositoryUri: "scm_repo_url",
    sourceRepositoryRef: "scm_ref",
    buildConfigUri: "{{ .platform_url }}/api/pipelines/{{ .pipeline_id }}",
    runInvocationUri: "{{ .platform_url }}/build/{{ .workflow_id }}",
  },
};

/** Its claims have a host name in front. */
const circleci = (name: string): string => `{{ index . "oidc.circleci.com/${name}" }}`;
const CIRCLECI_DEFINITION = `{{ .api_url }}/projects/${circleci("project-id")}/pipeline-definitions/${circleci("pipeline-definition-id")}`;

const CIRCLECI: ProviderSource = {
  // The slash at the end makes two in the run's URI; policies compare it with what the public instance writes.
  defaults: { api_url: "https://circleci.com/api/v2", platform_url: "https://app.circleci.com/" },
  subjectAltName: CIRCLECI_DEFINITION,
  extensions: {
    buildSignerUri: CIRCLECI_DEFINITION,
    // The public instance writes two quotation marks for every other job; here those have no such extension.
    runnerEnvironment: '{{ if eq (index . "oidc.circleci.com/ssh-rerun") "true" }}ssh-rerun{{ end }}',
    sourceRepositoryUri: circleci("vcs-origin"),
    sourceRepositoryRef: circleci("vcs-ref"),
    buildConfigUri: `{{ .api_url }}/pipeline/${circleci("pipeline-id")}/config`,
    runInvocationUri: `{{ .platform_url }}/workflow/${circleci("workflow-id")}/job/${circleci("job-id")}`,
  },
};

const BUDDY_PROJECT = "{{ .base_url }}/{{ .workspace_domain }}/{{ .project_name }}";
const BUDDY_PIPELINE = `${BUDDY_PROJECT}/pipelines/pipeline/{{ .pipeline_id }}`;

const BUDDY: ProviderSource = {
  defaults: { base_url: "https://app.buddy.works", revision: "", ref: "" },
  subjectAltName: BUDDY_PIPELINE,
  extensions: {
    buildSignerUri: BUDDY_PIPELINE,
    runnerEnvironment: "runner_environment",
    sourceRepositoryUri: BUDDY_PROJECT,
    sourceRepositoryDigest: "revision",
    sourceRepositoryRef: "ref",
    sourceRepositoryOwnerUri: "{{ .base_url }}/{{ .workspace_domain }}",
    buildTrigger: "triggered_on",
    runInvocationUri: `${BUDDY_PIPELINE}/execution/{{ .execution_id }}`,
  },
};

/** By their names in the public instance. */
export const PROVIDERS: ReadonlyMap<string, BuildProvider> = new Map(
  Object.entries({
    "github-workflow": GITHUB,
    "gitlab-pipeline": GITLAB,
    "buildkite-job": BUILDKITE,
    "codefresh-workflow": CODEFRESH,
    "circleci-job": CIRCLECI,
    "buddy-pipeline": BUDDY,
  }).map(([name, source]) => [name, parseKnown(source)]),
);

const NO_DEMANDS: Demands = { claims: [], integers: [], oneOf: {}, uris: {} };
/** The old issuer types have no deployment environment. */
const { deploymentEnvironment: _github, ...GITHUB_EXTENSIONS } = GITHUB.extensions;
const { deploymentEnvironment: _gitlab, ...GITLAB_EXTENSIONS } = GITLAB.extensions;

/**
 * The same as issuer types of their own, which the reference had before the templates and still accepts: they require
 * every claim as a string and write URIs in their own way. A Buildkite job states only its name. The reference has no
 * types for CircleCI and Buddy, so those work as with templates.
 */
export const PROVIDER_TYPES = {
  "github-workflow": parseKnown({
    ...GITHUB,
    extensions: GITHUB_EXTENSIONS,
    demands: {
      ...NO_DEMANDS,
      uris: {
        subjectAltName: "joined",
        buildSignerUri: "joined",
        sourceRepositoryUri: "joined",
        sourceRepositoryOwnerUri: "joined",
        buildConfigUri: "joined",
        runInvocationUri: "joined",
      },
    },
  }),
  "gitlab-pipeline": parseKnown({
    ...GITLAB,
    extensions: GITLAB_EXTENSIONS,
    defaults: { ...GITLAB.defaults, ci_config_sha: "", project_visibility: "" },
    demands: {
      claims: ["pipeline_id"],
      integers: ["runner_id"],
      oneOf: { ref_type: ["branch", "tag"] },
      uris: {
        buildSignerUri: "parsed",
        sourceRepositoryUri: "joined",
        sourceRepositoryOwnerUri: "joined",
        buildConfigUri: "parsed",
        runInvocationUri: "joined",
      },
    },
  }),
  "buildkite-job": parseKnown({ ...BUILDKITE, extensions: {}, demands: NO_DEMANDS }),
  "codefresh-workflow": parseKnown({
    ...CODEFRESH,
    demands: {
      ...NO_DEMANDS,
      uris: {
        subjectAltName: "joined",
        buildSignerUri: "joined",
        buildConfigUri: "joined",
        runInvocationUri: "joined",
      },
    },
  }),
  "circleci-job": parseKnown(CIRCLECI),
  "buddy-pipeline": parseKnown(BUDDY),
} as const;

/** Parses a table of this file when a token first needs it, since most deployments need few of them. */
function parseKnown(source: ProviderSource): BuildProvider {
  let parsed: BuildProvider | null = null;
  const provider = (): BuildProvider => {
    parsed ??= parseNow(source);
    return parsed;
  };
  return {
    get defaults() {
      return provider().defaults;
    },
    get subjectAltName() {
      return provider().subjectAltName;
    },
    get extensions() {
      return provider().extensions;
    },
    get demands() {
      return provider().demands;
    },
  };
}

function parseNow(source: ProviderSource): BuildProvider {
  const provider = parseProvider(source);
  if (!provider.ok) throw new TypeError(`a table in this file is invalid: ${provider.error[0]?.reason}`);
  return provider.value;
}
