// SPDX-License-Identifier: Apache-2.0
// The fields of an entry that a person asks for first, for the events about it.

import type { FulcioExtensions } from "../fulcio/extensions.ts";
import type { WatchedEntry } from "./entry.ts";
import type { EventEntry } from "./event.ts";

/** An event says the first few; the entry has all. */
const MAX_DIGESTS = 8;

/** Describes an entry by its first signer. */
export function toEventEntry({ certificate, publicKey, digests, index, what, at }: WatchedEntry): EventEntry {
  const { names = [], extensions = {}, fingerprint = null } = certificate ?? {};
  return {
    index,
    what,
    loggedAt: at,
    identity: names[0]?.value ?? null,
    digests: digests.slice(0, MAX_DIGESTS),
    publicKey,
    certificate: fingerprint,
    ...describeBuild(extensions),
  };
}

type Build = Pick<EventEntry, "issuer" | "repository" | "workflow" | "ref" | "run">;

const describeBuild = (extensions: FulcioExtensions): Build => ({
  issuer: extensions.issuerV2 ?? extensions.issuer ?? null,
  repository: extensions.sourceRepositoryUri ?? extensions.githubWorkflowRepository ?? null,
  workflow: extensions.buildConfigUri ?? extensions.githubWorkflowName ?? null,
  ref: extensions.sourceRepositoryRef ?? extensions.githubWorkflowRef ?? null,
  run: extensions.runInvocationUri ?? null,
});
