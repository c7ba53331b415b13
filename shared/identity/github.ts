// SPDX-License-Identifier: Apache-2.0
// GitHub Actions: which claims of a workflow's token make which part of the certificate.
// Spec: https://docs.github.com/actions/reference/openid-connect-reference; https://github.com/sigstore/fulcio/blob/main/docs/oidc.md

import type { BuildProvider } from "./build.ts";

const GITHUB = "https://github.com";

export const GITHUB_WORKFLOW: BuildProvider = {
  subjectAltName: `${GITHUB}/{job_workflow_ref}`,
  extensions: {
    githubWorkflowTrigger: "{event_name}",
    githubWorkflowSha: "{sha}",
    githubWorkflowName: "{workflow}",
    githubWorkflowRepository: "{repository}",
    githubWorkflowRef: "{ref}",
    buildSignerUri: `${GITHUB}/{job_workflow_ref}`,
    buildSignerDigest: "{job_workflow_sha}",
    runnerEnvironment: "{runner_environment}",
    sourceRepositoryUri: `${GITHUB}/{repository}`,
    sourceRepositoryDigest: "{sha}",
    sourceRepositoryRef: "{ref}",
    sourceRepositoryIdentifier: "{repository_id}",
    sourceRepositoryOwnerUri: `${GITHUB}/{repository_owner}`,
    sourceRepositoryOwnerIdentifier: "{repository_owner_id}",
    buildConfigUri: `${GITHUB}/{workflow_ref}`,
    buildConfigDigest: "{workflow_sha}",
    buildTrigger: "{event_name}",
    runInvocationUri: `${GITHUB}/{repository}/actions/runs/{run_id}/attempts/{run_attempt}`,
    sourceRepositoryVisibilityAtSigning: "{repository_visibility}",
    deploymentEnvironment: "{environment}",
  },
  optionalClaims: ["environment"],
};
