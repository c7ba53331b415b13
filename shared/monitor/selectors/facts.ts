// SPDX-License-Identifier: Apache-2.0
// The facts of an entry by which it can be selected: lists of texts, each with a name.

import { oidOf } from "../../fulcio/extensions.ts";
import { toIssuer, toPage } from "../../search/signer.ts";
import type { UnixMs } from "../../time.ts";
import type { WatchedCertificate } from "../entries/certificate.ts";
import type { WatchedEntry } from "../entry.ts";

/** Who issued a certificate: an authority of the trusted root, another one, or nobody can tell. */
export type AuthorityVerdict = "own" | "other" | "unknown";
/** Decides about a certificate by its DER. @param at the beginning of its validity */
export type JudgeAuthority = (der: Uint8Array, at: UnixMs) => AuthorityVerdict;

/** An entry and one of its signers. */
export interface Signed {
  readonly entry: WatchedEntry;
  readonly certificate: WatchedCertificate | null;
  /** Hex SHA-256 of the SubjectPublicKeyInfo. */
  readonly publicKey: string;
  readonly judge: JudgeAuthority;
}

/** The name of a fact with a fixed meaning. */
type NamedFact = keyof typeof FACTS;
/** A named fact, or the value of an extension by its dotted OID. */
export type Fact = NamedFact | `oid:${string}`;

/** The texts of a fact. */
export function factsOf(fact: Fact, signed: Signed): readonly string[] {
  if (!isNamedFact(fact)) return presentIn(signed.certificate?.oids.get(fact.slice("oid:".length)));
  return FACTS[fact](signed);
}

const isNamedFact = (fact: Fact): fact is NamedFact => Object.hasOwn(FACTS, fact);

const presentIn = (...values: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(values.filter((value) => value !== undefined && value !== ""))] as readonly string[];

const FACTS = {
  /** E-mail addresses in lower case: people do not tell two spellings apart. */
  address: ({ certificate }: Signed) =>
    (certificate?.names ?? []).flatMap(({ kind, value }) =>
      kind === "uri" ? [] : [kind === "email" ? value.toLowerCase() : value],
    ),
  name: ({ certificate }: Signed) => (certificate?.names ?? []).map(({ value }) => value),
  issuer: ({ certificate }: Signed) =>
    presentIn(certificate?.extensions.issuerV2, certificate?.extensions.issuer).map(toIssuer),
  /** The newer extension, or the older one where that is missing. */
  issuerAsWritten: ({ certificate }: Signed) =>
    presentIn(certificate?.extensions.issuerV2 ?? certificate?.extensions.issuer),
  repository: ({ certificate }: Signed) => repositoriesOf(certificate),
  repositoryId: ({ certificate }: Signed) => presentIn(certificate?.extensions.sourceRepositoryIdentifier),
  owner: ({ certificate }: Signed) =>
    presentIn(
      pageOf(certificate?.extensions.sourceRepositoryOwnerUri),
      // The older extensions name the repository alone.
      ...repositoriesOf(certificate).map((page) => page.replace(/^(https:\/\/[^/]+\/[^/]+)\/.*$/, "$1")),
    ),
  ownerId: ({ certificate }: Signed) => presentIn(certificate?.extensions.sourceRepositoryOwnerIdentifier),
  publicKey: ({ publicKey }: Signed) => [publicKey],
  certificate: ({ certificate }: Signed) => presentIn(certificate?.fingerprint),
  digest: ({ entry }: Signed) => entry.digests,
  predicateType: ({ entry }: Signed) => presentIn(entry.predicateType ?? undefined),
  what: ({ entry }: Signed) => [entry.what],
  workflow: ({ certificate }: Signed) => workflowsOf(certificate, certificate?.extensions.buildConfigUri),
  signer: ({ certificate }: Signed) => workflowsOf(certificate, certificate?.extensions.buildSignerUri),
  ref: ({ certificate }: Signed) =>
    presentIn(certificate?.extensions.sourceRepositoryRef, certificate?.extensions.githubWorkflowRef),
  event: ({ certificate }: Signed) =>
    presentIn(certificate?.extensions.buildTrigger, certificate?.extensions.githubWorkflowTrigger),
  runner: ({ certificate }: Signed) => presentIn(certificate?.extensions.runnerEnvironment),
  visibility: ({ certificate }: Signed) => presentIn(certificate?.extensions.sourceRepositoryVisibilityAtSigning),
  /** For a selector: where nobody can tell, it may be either, and the selector fits. */
  authority: (signed: Signed) => authoritiesOf(signed, ["own", "other"]),
  /** For a baseline: where nobody can tell, nothing is expected. */
  knownAuthority: (signed: Signed) => authoritiesOf(signed, []),
  environment: ({ certificate }: Signed) => presentIn(certificate?.extensions.deploymentEnvironment),
} as const satisfies Readonly<Record<string, (signed: Signed) => readonly string[]>>;

function authoritiesOf({ certificate, judge }: Signed, unknown: readonly string[]): readonly string[] {
  if (certificate === null) return ["none"];
  const verdict = judge(certificate.der, certificate.notBefore);
  return verdict === "unknown" ? unknown : [verdict];
}

const pageOf = (url: string | undefined): string | undefined => (url === undefined ? undefined : toPage(url));

function repositoriesOf(certificate: WatchedCertificate | null): readonly string[] {
  const { sourceRepositoryUri, githubWorkflowRepository } = certificate?.extensions ?? {};
  const older = githubWorkflowRepository === undefined ? undefined : `https://github.com/${githubWorkflowRepository}`;
  return presentIn(pageOf(sourceRepositoryUri), pageOf(older));
}

/**
 * The URL of a workflow file without its ref, and its path if it lies in the repository that was built: another
 * repository's file of the same path is another workflow.
 */
function workflowsOf(certificate: WatchedCertificate | null, uri: string | undefined): readonly string[] {
  if (uri === undefined) return [];
  const url = uri.replace(/@[^@]*$/, "");
  const repository = certificate?.extensions.sourceRepositoryUri;
  const isOwn = repository !== undefined && url.startsWith(`${repository}/`);
  return isOwn ? [url, url.slice(repository.length + 1)] : [url];
}

/** The fact of an extension by its name in Fulcio's table. */
export const extensionFact = (name: Parameters<typeof oidOf>[0]): Fact => `oid:${oidOf(name)}`;
