// SPDX-License-Identifier: Apache-2.0
// The terms of an entry by which watches find it, spelled as the search index spells them. A look-up by term makes the
// cost of an entry independent of how many watches it does not concern.

import type { WatchedEntry } from "../../../shared/monitor/entry.ts";
import { nameText, toIssuer, toPage } from "../../../shared/search/signer.ts";

/** The values by which a watch finds entries, those that choose the fewest entries first. */
export const ATTRIBUTES = [
  "certificate",
  "publicKey",
  "digest",
  "name",
  "workflow",
  "repositoryId",
  "repository",
  "ownerId",
  "owner",
  "issuer",
] as const;

/** The name of such a value. */
export type Attribute = (typeof ATTRIBUTES)[number];

/** An attribute and its value. */
export type Term = `${Attribute} ${string}`;

/** Makes a term. */
export const toTerm = (attribute: Attribute, value: string): Term => `${attribute} ${value}`;

/** All terms of an entry, without duplicates. */
export const termsOf = (entry: WatchedEntry): ReadonlySet<Term> =>
  new Set([
    ...entry.digests.map((digest) => toTerm("digest", digest)),
    ...[entry, ...entry.cosigners].flatMap(signerTerms),
  ]);

function signerTerms({ certificate, publicKey }: Pick<WatchedEntry, "certificate" | "publicKey">): readonly Term[] {
  const key = toTerm("publicKey", publicKey);
  if (certificate === null) return [key];
  const { extensions, names, fingerprint } = certificate;
  const repository =
    extensions.sourceRepositoryUri ??
    (extensions.githubWorkflowRepository && `https://github.com/${extensions.githubWorkflowRepository}`);
  const values: readonly (readonly [Attribute, string | undefined])[] = [
    ["issuer", mapText(extensions.issuerV2 ?? extensions.issuer, toIssuer)],
    ["repository", mapText(repository, toPage)],
    ["repositoryId", extensions.sourceRepositoryIdentifier],
    ["owner", mapText(extensions.sourceRepositoryOwnerUri ?? mapText(repository, parentOf), toPage)],
    ["ownerId", extensions.sourceRepositoryOwnerIdentifier],
    ["workflow", mapText(extensions.buildConfigUri, toWorkflow)],
  ];
  return [
    key,
    toTerm("certificate", fingerprint),
    ...names.map((name) => toTerm("name", nameText(name))),
    ...values.flatMap(([attribute, value]) => (value === undefined ? [] : [toTerm(attribute, value)])),
  ];
}

const mapText = (text: string | undefined, map: (text: string) => string): string | undefined =>
  text === undefined ? undefined : map(text);

const parentOf = (url: string): string => url.replace(/\/[^/]*\/?$/, "");

/** The URL of a workflow file without its ref. */
export const toWorkflow = (url: string): string => toPage(url.replace(/@[^/]*(?:\/.*)?$/, ""));
