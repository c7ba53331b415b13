// SPDX-License-Identifier: Apache-2.0
// Describes the signer as a certificate names it, in the words of the pages: a person, a workflow or another workload.
// All of it is text of whoever the CA believed; on an open log, of anybody.

import { type FulcioExtensions, readFulcioExtensions, readIdentityIssuer } from "../../../shared/fulcio/extensions.ts";
import type { Certificate } from "../../../shared/x509/certificate.ts";
import { readSubjectAltNames } from "../../../shared/x509/subject-alt-name.ts";

/** The holder of a certificate. */
export interface Signer {
  readonly kind: "person" | "workflow" | "workload";
  /** The first name in the certificate; empty if it has none that people read. */
  readonly identity: string;
  readonly issuer: string | null;
  /** The certificate's extensions about the build. */
  readonly build: FulcioExtensions;
  /** The workflow, if the signer is one. */
  readonly workflow: Workflow | null;
}

/** A workflow file and its repository. */
export interface Workflow {
  /** `release.yml` */
  readonly file: string;
  /** `example-org/widget` */
  readonly repository: string;
  readonly repositoryHref: string;
  /** The file at the commit that ran; the repository if its forge is unknown. */
  readonly fileHref: string;
  /** The commit that was built, null if the certificate does not say. */
  readonly commit: { readonly id: string; readonly href: string } | null;
  /** `v2.4.1` of `refs/tags/v2.4.1`. */
  readonly ref: { readonly kind: "tag" | "branch" | "ref"; readonly name: string } | null;
  /** The run, with what it is called. */
  readonly run: { readonly name: string; readonly href: string } | null;
}

/** Reads the signer of a certificate. */
export function readSigner(certificate: Certificate): Signer {
  const names = readSubjectAltNames(certificate);
  const [name = null] = names.ok ? names.value : [];
  const build = readFulcioExtensions(certificate);
  const workflow = readWorkflow(build);
  const kind = name?.kind === "email" ? "person" : workflow === null ? "workload" : "workflow";
  return { kind, identity: name?.value ?? "", issuer: readIdentityIssuer(certificate), build, workflow };
}

function readWorkflow(build: FulcioExtensions): Workflow | null {
  const uri = build.buildConfigUri ?? build.buildSignerUri ?? "";
  const repositoryHref = build.sourceRepositoryUri ?? "";
  if (!URL.canParse(uri) || !URL.canParse(repositoryHref)) return null;
  const [path = ""] = uri.split("@");
  const commit = build.sourceRepositoryDigest ?? null;
  return {
    file: path.slice(path.lastIndexOf("/") + 1),
    repository: new URL(repositoryHref).pathname.replace(/^\/|\/$/g, ""),
    repositoryHref,
    fileHref: fileHrefOf(path, build.buildConfigDigest ?? "HEAD") ?? repositoryHref,
    commit: commit === null ? null : { id: commit, href: commitHrefOf(repositoryHref, commit, uri) },
    ref: readRef(build.sourceRepositoryRef ?? ""),
    run: readRun(build.runInvocationUri ?? null),
  };
}

/** GitHub: `…/org/repo/.github/workflows/x.yml`. GitLab: `…/group/project//.gitlab-ci.yml`. */
function fileHrefOf(path: string, commit: string): string | null {
  const github = /^(https:\/\/[^/]+\/[^/]+\/[^/]+)\/(\.github\/.+)$/.exec(path);
  if (github !== null) return `${github[1]}/blob/${encodeURIComponent(commit)}/${github[2]}`;
  const gitlab = /^(https:\/\/[^/]+\/.+?)\/\/(.+)$/.exec(path);
  return gitlab === null ? null : `${gitlab[1]}/-/blob/${encodeURIComponent(commit)}/${gitlab[2]}`;
}

const isGitlab = (uri: string): boolean => /^https:\/\/[^/]+\/.+\/\/.+/.test(uri);

const commitHrefOf = (repository: string, commit: string, uri: string): string =>
  `${repository.replace(/\/$/, "")}/${isGitlab(uri) ? "-/" : ""}commit/${encodeURIComponent(commit)}`;

function readRef(ref: string): Workflow["ref"] {
  const [, kind, name] = /^refs\/(tags|heads)\/(.+)$/s.exec(ref) ?? [];
  if (name === undefined) return ref === "" ? null : { kind: "ref", name: ref };
  return { kind: kind === "tags" ? "tag" : "branch", name };
}

/** `6718203345, attempt 2` of GitHub's address; the last segment of others. */
function readRun(href: string | null): Workflow["run"] {
  if (href === null || !URL.canParse(href)) return null;
  const { pathname } = new URL(href);
  const [, run, attempt] = /\/actions\/runs\/(\d+)(?:\/attempts\/(\d+))?$/.exec(pathname) ?? [];
  if (run !== undefined)
    return { name: attempt === undefined || attempt === "1" ? run : `${run}, attempt ${attempt}`, href };
  return { name: pathname.slice(pathname.lastIndexOf("/") + 1), href };
}

/** Issuers that people know by another name than their address. */
const ISSUERS: Readonly<Record<string, string>> = {
  "https://accounts.google.com": "Google",
  "https://github.com/login/oauth": "GitHub",
  "https://token.actions.githubusercontent.com": "GitHub Actions",
  "https://gitlab.com": "GitLab",
  "https://login.microsoftonline.com": "Microsoft",
  "https://agent.buildkite.com": "Buildkite",
  "https://oidc.circleci.com": "CircleCI",
  "https://oidc.codefresh.io": "Codefresh",
};

/** Names the issuer that vouched for the signer, or gives its host. */
export function nameIssuer(issuer: string | null): string {
  if (issuer === null) return "nobody named in the certificate";
  const known = Object.hasOwn(ISSUERS, issuer) ? ISSUERS[issuer] : undefined;
  return known ?? (URL.canParse(issuer) ? new URL(issuer).host : issuer);
}

/** Completes "started by …". */
export function nameTrigger(trigger: string, ref: Workflow["ref"]): string {
  const names: Readonly<Record<string, string>> = {
    push: ref?.kind === "tag" ? "the push of a tag" : "a push",
    workflow_dispatch: "hand",
    schedule: "a schedule",
    release: "a release",
    pull_request: "a pull request",
    web: "hand",
    pipeline: "another pipeline",
  };
  return Object.hasOwn(names, trigger) ? (names[trigger] ?? trigger) : trigger;
}

/** Completes "on …". */
export function nameRunner(environment: string): string {
  const names: Readonly<Record<string, string>> = {
    "github-hosted": "a machine of GitHub’s",
    "gitlab-hosted": "a machine of GitLab’s",
    "self-hosted": "a machine of the project’s own",
  };
  return Object.hasOwn(names, environment) ? (names[environment] ?? environment) : environment;
}
