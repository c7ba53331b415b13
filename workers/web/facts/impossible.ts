// SPDX-License-Identifier: Apache-2.0
// Explains a search that cannot find anything, or hardly: not because nobody signed, but because no entry has this.

import type { Meaning } from "./question.ts";

type Query = Meaning["query"];

const GITHUB_ACTIONS = "https://token.actions.githubusercontent.com";
const ADDRESS = /^[^\s@/]+@[^\s@/]+$/;
const GITHUB_WORKFLOW = /^https:\/\/github\.com\/.+\/\.github\/workflows\/[^@]+$/i;
/** Terms that only the certificate of a build has. */
const OF_BUILDS = ["repository", "owner", "workflow", "ref", "commit", "run", "runner", "visibility"] as const;

const addressOf = ({ email, identity = "" }: Query): string | null =>
  email ?? (ADDRESS.test(identity) ? identity : null);

const asksForCertificates = ({ kind }: Query): boolean => kind?.startsWith("certificate") === true;

/** One sentence each, the most certain first; empty for a search that may find something. */
export function explainNothing(query: Query): readonly string[] {
  const address = addressOf(query);
  const ofBuild = OF_BUILDS.some((name) => query[name] !== undefined);
  const { issuer = "", identity = "", digest = "", predicateType } = query;
  const rows: readonly (readonly [applies: boolean, text: string])[] = [
    [
      address !== null && issuer.startsWith(GITHUB_ACTIONS),
      "GitHub Actions vouches for workflows and never for an e-mail address, so no entry has both.",
    ],
    [
      address !== null && ofBuild,
      "A certificate names a person or a build. An e-mail address is never in one with a repository, a commit or a machine.",
    ],
    [
      GITHUB_WORKFLOW.test(identity),
      "The name of a workflow in a certificate ends in @ and a ref, such as @refs/heads/main. Look up the workflow itself to find all of them.",
    ],
    [
      /^(?:sha-?1[:-])?[0-9a-f]{40}$/i.test(digest),
      "This is as long as a SHA-1. Files are signed by SHA-256 and longer digests: only an attestation about a Git commit has one of this length.",
    ],
    [
      asksForCertificates(query) && (digest !== "" || predicateType !== undefined),
      "An entry of the certificate log has no digest of a file and no type of statement. Remove the kind.",
    ],
    [
      address?.endsWith("@users.noreply.github.com") === true,
      "GitHub vouches for a person’s primary address. The noreply address is in commits, and in no certificate.",
    ],
  ];
  return rows.filter(([applies]) => applies).map(([, text]) => text);
}
