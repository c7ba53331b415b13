// SPDX-License-Identifier: Apache-2.0
// The row of the search index for an entry (migrations/).

import { member } from "../json/member.ts";

/** Made from leaf and hints by the versioned pure functions of terms.ts, so that it can be rebuilt. */
export interface SearchRow {
  /** Version of the functions that made the row (TERMS_VERSION). */
  readonly termsVersion: number;
  /**
   * The terms of the entry, without duplicates: `digest:sha256:<hex>`, `email:<lower case>`, `key:<hex sha256 of
   * SPKI>`, …
   */
  readonly terms: readonly string[];
  /** `sha256:<hex>` of the signed data (for an attestation: of its first subject, if any); null for a certificate. */
  readonly digest: string | null;
  /** The subjectAltName as written, null for a bare key. */
  readonly identity: string | null;
  /** The OpenID Connect issuer, null for a bare key. */
  readonly issuer: string | null;
}

/**
 * Decodes a stored row, null if it is not of this form. A row without a version has version 1: it comes from a service
 * that is deployed apart and older.
 */
export function decodeSearchRow(json: unknown): SearchRow | null {
  const termsVersion = member(json, "termsVersion") ?? 1;
  const terms = member(json, "terms");
  const digest = member(json, "digest");
  const identity = member(json, "identity");
  const issuer = member(json, "issuer");
  if (typeof termsVersion !== "number" || !Array.isArray(terms) || !terms.every(isText)) return null;
  if (!isTextOrNull(digest) || !isTextOrNull(identity) || !isTextOrNull(issuer)) return null;
  return { termsVersion, terms, digest, identity, issuer };
}

const isText = (json: unknown): json is string => typeof json === "string";

const isTextOrNull = (json: unknown): json is string | null => json === null || isText(json);
