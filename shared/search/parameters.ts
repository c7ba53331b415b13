// SPDX-License-Identifier: Apache-2.0
// The parameters of GET /api/search by which entries are found. The API, the box of the web site and the documentation
// share the names.

/** An entry must have everything that is given. */
export const TERM_NAMES = [
  "digest",
  "identity",
  "email",
  "issuer",
  "repository",
  "repositoryId",
  "owner",
  "ownerId",
  "workflow",
  "ref",
  "under",
  "runner",
  "visibility",
  "commit",
  "run",
  "predicateType",
  "publicKey",
  "certificate",
  "signature",
  "leaf",
] as const;

export type TermName = (typeof TERM_NAMES)[number];

/** Terms of a query as people write them. */
export type TermTexts = Readonly<Partial<Record<TermName, string>>>;

/**
 * The kinds of entries: `signature` over bytes, `attestation` if the log has seen the statement that is signed, or
 * `certificate`. The index stores the place in this list.
 */
export const ENTRY_KINDS = ["signature", "attestation", "certificate"] as const;

export type EntryKind = (typeof ENTRY_KINDS)[number];

/** The forms of an answer: `format=`, or the Accept header. */
export const ANSWER_FORMATS = ["json", "csv", "atom"] as const;

export type AnswerFormat = (typeof ANSWER_FORMATS)[number];
