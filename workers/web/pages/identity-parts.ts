// SPDX-License-Identifier: Apache-2.0
// How a signer is shown: a mark, the name, and who vouched for it; and the fields of a build.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { nameIssuer, nameRunner, nameTrigger, type Signer } from "../facts/signer.ts";
import { field, NONE, outsideLink } from "../parts/parts.ts";
import { capitalize, withBreaks } from "../parts/words.ts";

/** The page of everything by one identity. */
export const identityHref = (identity: string): string => `/identity-of/${encodeURIComponent(identity)}`;

const KINDS = { person: "A person", workflow: "A workflow", workload: "A workload" } as const;

/** A signer with its mark. */
export function renderSigner({ kind, identity, issuer }: Signer): Markup {
  const letters = kind === "person" ? identity.slice(0, 1) : initialsOf(nameIssuer(issuer));
  const name =
    identity === "" ? html`no name` : html`<a class="m" href="${identityHref(identity)}">${withBreaks(identity)}</a>`;
  return html`<span class="who"><span class="mark ${kind}" data-letters="${letters.toUpperCase()}" aria-hidden="true"></span><span>${name}<br><span class="q">${KINDS[kind]}, vouched for by ${nameIssuer(issuer)}</span></span></span>`;
}

/** Two letters for an issuer: the capitals of its name, such as GA for GitHub Actions. */
function initialsOf(name: string): string {
  const capitals = name.match(/\p{Lu}/gu) ?? [];
  return capitals.length > 1 ? capitals.slice(0, 2).join("") : name.slice(0, 2);
}

const text = (value: string): Markup => html`<span class="m">${value}</span>`;
const aside = (value: string | undefined): Markup =>
  value === undefined ? NONE : html` <span class="q">id ${value}</span>`;

/** The fields that a certificate states of its signer's build. */
export function buildFields(signer: Signer): Markup {
  const { build, workflow, issuer } = signer;
  const rows: readonly (readonly [label: string, value: Markup | null])[] = [
    ["Issuer", issuer === null ? html`none` : text(issuer)],
    ["Repository", repositoryOf(signer)],
    ["Owner", ownerOf(signer)],
    ["Commit", workflow?.commit ? outsideLink(workflow.commit.href, text(workflow.commit.id)) : null],
    ["Branch or tag", showIfSet(build.sourceRepositoryRef, text)],
    ["Workflow file", workflow === null ? null : outsideLink(workflow.fileHref, html`${workflow.file}`)],
    ["Run", workflow?.run ? outsideLink(workflow.run.href, html`${workflow.run.name}`) : null],
    ["Started by", showIfSet(build.buildTrigger, (name) => withName(nameTrigger(name, workflow?.ref ?? null), name))],
    ["Runner", showIfSet(build.runnerEnvironment, (name) => withName(nameRunner(name), name))],
    ["Environment", showIfSet(build.deploymentEnvironment, text)],
  ];
  return html`${rows.flatMap(([label, value]) => (value === null ? [] : [field(label, value)]))}`;
}

const showIfSet = (value: string | undefined, show: (value: string) => Markup): Markup | null =>
  value === undefined ? null : show(value);

const withName = (words: string, name: string): Markup => html`${capitalize(words)} <span class="q m">${name}</span>`;

function repositoryOf({ build, workflow }: Signer): Markup | null {
  const { sourceRepositoryUri: href, sourceRepositoryVisibilityAtSigning: visibility } = build;
  if (href === undefined) return null;
  const seen = visibility === undefined ? NONE : html`<span class="q">, ${visibility}</span>`;
  return html`${outsideLink(href, html`${workflow?.repository ?? href}`)}${aside(build.sourceRepositoryIdentifier)}${seen}`;
}

const ownerOf = ({ build }: Signer): Markup | null =>
  showIfSet(build.sourceRepositoryOwnerUri, (href) => {
    const name = href.replace(/^https:\/\/[^/]+\//, "");
    return html`${outsideLink(href, html`${name}`)}${aside(build.sourceRepositoryOwnerIdentifier)}`;
  });

/** Completes the sentence of an entry: who, as its subject. */
export function subjectOf({ kind, identity, workflow }: Signer): Markup {
  if (kind === "workflow" && workflow !== null)
    return html`The workflow ${outsideLink(workflow.fileHref, html`${workflow.file}`)} of <a href="/search?repository=${encodeURIComponent(workflow.repositoryHref)}">${workflow.repository}</a>`;
  return identity === ""
    ? html`An unnamed signer`
    : html`<a href="${identityHref(identity)}">${withBreaks(identity)}</a>`;
}

/** The subject without links. */
export function nameSubject({ kind, identity, workflow }: Signer): string {
  if (kind === "workflow" && workflow !== null) return `the workflow ${workflow.file} of ${workflow.repository}`;
  return identity === "" ? "an unnamed signer" : identity;
}

/** The same at the beginning of a sentence. An identity keeps its spelling. */
export function nameSubjectFirst(signer: Signer): string {
  const name = nameSubject(signer);
  return name === signer.identity ? name : capitalize(name);
}

/** Describes the build in a sentence; empty for people. */
export function buildSentence({ build, workflow, issuer }: Signer): Markup {
  if (workflow === null) return html`${nameIssuer(issuer)} vouched for the name.`;
  const { ref, commit, run } = workflow;
  const parts: Markup[] = [];
  if (ref !== null) parts.push(html` for ${ref.kind} <b>${ref.name}</b>`);
  if (commit !== null) parts.push(html` at commit ${outsideLink(commit.href, text(commit.id.slice(0, 7)))}`);
  if (run !== null) parts.push(html`, in ${outsideLink(run.href, html`run ${run.name}`)}`);
  if (build.buildTrigger !== undefined) parts.push(html`, started by ${nameTrigger(build.buildTrigger, ref)}`);
  if (build.runnerEnvironment !== undefined) parts.push(html`, on ${nameRunner(build.runnerEnvironment)}`);
  return html`It ran${parts}. ${nameIssuer(issuer)} vouched for it.`;
}

/** Links to everything by an identity, and to a watch over it; nothing for an entry that names nobody. */
export const linkIdentity = (identity: string): Markup =>
  identity === ""
    ? NONE
    : html`<li><a href="${identityHref(identity)}">All by this identity</a></li><li><a href="/watch">Watch this identity</a></li>`;
