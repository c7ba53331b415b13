// SPDX-License-Identifier: Apache-2.0
// Recognizes URLs: pages of GitHub and GitLab, OpenID issuers, and names in certificates.

import type { TermTexts } from "./parameters.ts";
import { toRun } from "./signer.ts";
import { meansNothing, meansSearch, type Recognizer, type Understanding } from "./understanding.ts";

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const BARE_FORGE = /^(?:www\.)?(?:github|gitlab)\.com\//i;
const GIT_REMOTE = /^(?:ssh:\/\/)?git@([a-z0-9.-]+)[:/]([^\s]+?)(?:\.git)?$/i;

/** A URL, or what people write for one. */
export const recognizeUrl: Recognizer = (text) => {
  const [, host, path] = GIT_REMOTE.exec(text) ?? [];
  if (host !== undefined && path !== undefined) return recognizeUrl(`https://${host}/${path}`);
  if (BARE_FORGE.test(text)) return recognizeUrl(`https://${text.replace(/^www\./i, "")}`);
  if (!SCHEME.test(text) || !URL.canParse(text)) return [];
  const prefix = recognizePrefix(text);
  if (prefix.length > 0) return prefix;
  const url = new URL(text);
  if (!url.protocol.startsWith("http")) return [meansSearch(schemeName(url), { identity: text })];
  return recognizePage(url, text);
};

const schemeName = ({ protocol }: URL): string =>
  protocol === "spiffe:" ? "a SPIFFE ID" : `a name in a certificate (${protocol.replace(":", "")})`;

/** A pattern that people write for everything below a URL. */
function recognizePrefix(text: string): readonly Understanding[] {
  if (!text.includes("*")) return [];
  const under = text.replace(/\*+$/, "");
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/*]+\/[^\s*]*$/i.test(under)
    ? [meansSearch("everything under a URL", { under })]
    : [meansNothing("a pattern", "* is not a wildcard: enter the beginning of the URL, with a single * at its end.")];
}

function recognizePage(url: URL, text: string): readonly Understanding[] {
  const host = url.hostname.replace(/^www\./, "");
  const names = [meansSearch("a URI in a certificate", { identity: text })];
  if (host === "github.com" && !url.pathname.startsWith("/login/"))
    return [...recognizeGitHub(url), ...workflowName(text)];
  if (url.pathname.includes("/-/") || host === "gitlab.com") {
    const found = recognizeGitLab(url);
    if (found.length > 0) return [...found, ...workflowName(text)];
  }
  const issuer = meansSearch("an OpenID issuer", { issuer: text });
  return isIssuer(url) ? [issuer, ...names] : [...names, issuer];
}

/** A workflow with its ref is the whole name in a certificate. */
const workflowName = (text: string): readonly Understanding[] =>
  text.includes("@") ? [meansSearch("a workflow at one ref, as in a certificate", { identity: text })] : [];

const ISSUER_HOST = /^(?:token\.actions\.|accounts\.|oauth2\.|oidc\.|login\.|issuer\.|agent\.buildkite\.)/;

const isIssuer = ({ hostname, pathname }: URL): boolean =>
  pathname === "/" || ISSUER_HOST.test(hostname) || pathname.startsWith("/login/");

const SHA = "[0-9a-f]{40}";

/** A page of a forge: what its path after the repository looks like, and the terms of the match. */
interface Page {
  readonly pattern: RegExp;
  readonly what: string;
  readonly terms: (repository: string, match: readonly string[]) => TermTexts;
}

const withRef = (repository: string, ref: string): TermTexts => ({ repository, ref: decodePath(ref) });

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const GITHUB_PAGES: readonly Page[] = [
  {
    pattern: new RegExp(`^/(?:commit|commits|tree|blob)/(${SHA})(?:/.*)?$`, "i"),
    what: "a commit of a GitHub repository",
    terms: (repository, [commit = ""]) => ({ repository, commit }),
  },
  {
    pattern: /^\/actions\/runs\/(\d+)(?:\/.*)?$/,
    what: "a run of a GitHub workflow",
    terms: (repository, [id = ""]) => ({ run: toRun(`${repository}/actions/runs/${id}`) }),
  },
  {
    pattern: /^\/actions\/workflows\/([^/]+\.ya?ml)$/i,
    what: "a GitHub workflow",
    terms: (repository, [file = ""]) => ({ workflow: `${repository}/.github/workflows/${file}` }),
  },
  {
    pattern: /^(?:\/(?:blob|raw)\/.+)?\/\.github\/workflows\/([^/@]+\.ya?ml)(?:@.*)?$/i,
    what: "a GitHub workflow",
    terms: (repository, [file = ""]) => ({ workflow: `${repository}/.github/workflows/${file}` }),
  },
  {
    pattern: /^\/releases\/tag\/(.+)$/,
    what: "a release of a GitHub repository",
    terms: (repository, [tag = ""]) => withRef(repository, `refs/tags/${tag}`),
  },
  {
    pattern: /^\/pull\/(\d+)(?:\/.*)?$/,
    what: "a pull request of a GitHub repository",
    terms: (repository, [id = ""]) => withRef(repository, `refs/pull/${id}/merge`),
  },
  {
    pattern: /^\/tree\/(.+)$/,
    what: "a branch or tag of a GitHub repository",
    terms: (repository, [ref = ""]) => withRef(repository, ref),
  },
  { pattern: /^(?:\/.*)?$/, what: "a GitHub repository", terms: (repository) => ({ repository }) },
];

function recognizeGitHub({ pathname, origin }: URL): readonly Understanding[] {
  const [, owner, name, rest = ""] = /^\/([^/]+)(?:\/([^/]+?)(?:\.git)?(\/.*)?)?\/?$/.exec(pathname) ?? [];
  if (owner === undefined) return [meansSearch("an OpenID issuer", { issuer: origin })];
  const root = origin.replace("//www.", "//");
  if (name === undefined) return [meansSearch("a GitHub user or organization", { owner: `${root}/${owner}` })];
  return recognizeRest(GITHUB_PAGES, `${root}/${owner}/${name}`, rest);
}

const GITLAB_PAGES: readonly Page[] = [
  {
    pattern: new RegExp(`^/(?:commit|commits|tree|blob)/(${SHA})(?:/.*)?$`, "i"),
    what: "a commit of a GitLab project",
    terms: (repository, [commit = ""]) => ({ repository, commit }),
  },
  {
    pattern: /^\/jobs\/(\d+)(?:\/.*)?$/,
    what: "a job of GitLab",
    terms: (repository, [id = ""]) => ({ run: toRun(`${repository}/-/jobs/${id}`) }),
  },
  {
    pattern: /^\/(?:tags|releases)\/(.+)$/,
    what: "a release of a GitLab project",
    terms: (repository, [tag = ""]) => withRef(repository, `refs/tags/${tag}`),
  },
  {
    pattern: /^\/tree\/(.+)$/,
    what: "a branch or tag of a GitLab project",
    terms: (repository, [ref = ""]) => withRef(repository, ref),
  },
  // A certificate names the job, not its pipeline.
  { pattern: /^(?:\/.*)?$/, what: "a GitLab project", terms: (repository) => ({ repository }) },
];

function recognizeGitLab({ pathname, origin }: URL): readonly Understanding[] {
  const [project = "", rest = ""] = pathname.split("/-/");
  const path = project.replace(/(?:\.git)?\/*$/, "");
  const parts = path.split("/").length - 1;
  if (parts === 0) return [];
  if (parts === 1) return [meansSearch("a GitLab user or group", { owner: `${origin}${path}` })];
  const found = recognizeRest(GITLAB_PAGES, `${origin}${path}`, rest === "" ? "" : `/${rest}`);
  // A group may be in a group, and its URL looks like that of a project.
  return rest === "" ? [...found, meansSearch("a GitLab group", { under: `${origin}${path}/` })] : found;
}

function recognizeRest(pages: readonly Page[], repository: string, rest: string): readonly Understanding[] {
  for (const { pattern, what, terms } of pages) {
    const match = pattern.exec(rest);
    if (match !== null) return [meansSearch(what, terms(repository, match.slice(1)))];
  }
  return [];
}
