// SPDX-License-Identifier: Apache-2.0
// What the search index keeps of an entry (migrations/).

/** Made by the versioned pure functions of shared/search/terms.ts from leaf and hints, so that it can be rebuilt. */
export interface SearchRow {
  /** Of the functions that made the row (TERMS_VERSION). */
  readonly termsVersion: number;
  /** What the entry is found by: `digest:sha256:<hex>`, `email:<lower case>`, `key:<hex sha256 of SPKI>`, …; no duplicates. */
  readonly terms: readonly string[];
  /** `sha256:<hex>` of what was signed (an attestation: of its first subject if it has one), null for a certificate. */
  readonly digest: string | null;
  /** The subjectAltName as written, null for a bare key. */
  readonly identity: string | null;
  /** The OpenID Connect issuer, null for a bare key. */
  readonly issuer: string | null;
}
