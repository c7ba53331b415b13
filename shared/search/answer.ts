// SPDX-License-Identifier: Apache-2.0
// The JSON answer of GET /api/search, for those that write it and those that read it.

import type { EntryKind } from "./parameters.ts";

/** The fields of a certificate about its signer and the build, as far as many certificates share them. */
export interface SignerFields {
  /** The first subjectAltName as written: an e-mail address, a URI or a user name. */
  readonly identity: string | null;
  /** The OpenID Connect issuer. */
  readonly issuer: string | null;
  /** URL of the repository. */
  readonly repository: string | null;
  /** The forge's number of the repository, which outlives a new name. */
  readonly repositoryId: string | null;
  /** URL of the repository's owner. */
  readonly owner: string | null;
  readonly ownerId: string | null;
  /** URL of the workflow file, with its ref after an @. */
  readonly workflow: string | null;
  /** The ref of the repository: `refs/heads/main`. */
  readonly ref: string | null;
  /** The kind of machine that it ran on: `github-hosted`, `self-hosted`. */
  readonly runner: string | null;
  /** The repository's visibility when it was signed: `public`, `private`, `internal`. */
  readonly visibility: string | null;
}

/** One entry that was found. */
export interface SearchHit extends SignerFields {
  /** The name of its log in /api/logs. */
  readonly log: string;
  readonly index: number;
  readonly kind: EntryKind;
  /** RFC 3339, when the log took the entry. */
  readonly time: string;
  /** `sha256:<hex>` of the signed data (for an attestation: of its first subject, if any); null for a certificate. */
  readonly digest: string | null;
  /** An attestation has it if it is one of PREDICATE_TYPES; null for every other entry. */
  readonly predicateType: string | null;
}

/** A page of hits, newest first, and how much of each log it is an answer about. */
export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  /** That of the first signature log. */
  readonly completeThrough: number;
  /** Log name → every entry below this index is in the search index. */
  readonly completeThroughByLog: Readonly<Record<string, number>>;
  /** Log name → RFC 3339 time of the newest entry in the search index; null if there is none. */
  readonly newestTimeByLog: Readonly<Record<string, string | null>>;
  /** Null on the last page. A page may have fewer hits than its limit, even none, and still be followed by another. */
  readonly nextCursor: string | null;
}
