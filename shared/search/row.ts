// SPDX-License-Identifier: Apache-2.0
// A row of the search index (migrations/), which describes one entry.

import { isTexts, member } from "../json/member.ts";
import { ENTRY_KINDS, type EntryKind } from "./parameters.ts";
import { decodeSigner, type Signer } from "./signer.ts";

/** The marks: an entry has at most one of each, and few entries share one. */
export const MARK_NAMES = ["publicKey", "certificate", "commit", "run", "signature", "leaf"] as const;

/** The name of a mark is that of the parameter that searches for it. */
export type MarkName = (typeof MARK_NAMES)[number];

/** The marks of an entry that has none. */
export const NO_MARKS: Readonly<Record<MarkName, null>> = {
  publicKey: null,
  certificate: null,
  commit: null,
  run: null,
  signature: null,
  leaf: null,
};

/** Made from leaf and hints by the versioned pure functions of terms.ts, so that it can be rebuilt. */
export interface SearchRow extends Readonly<Record<MarkName, string | null>> {
  /** Version of the functions that made the row (TERMS_VERSION). */
  readonly termsVersion: number;
  readonly kind: EntryKind;
  /** Keys of the digests and of the predicate type, without duplicates. */
  readonly terms: readonly string[];
  /** `sha256:<hex>` of the signed data (for an attestation: of its first subject, if any); null for a certificate. */
  readonly digest: string | null;
  /** Null for a bare key. */
  readonly signer: Signer | null;
}

/**
 * Decodes a stored row. Null if it is not of this form: another version of the functions made it, and the row is made
 * again from the entry.
 */
export function decodeSearchRow(json: unknown): SearchRow | null {
  const termsVersion = member(json, "termsVersion");
  const kind = member(json, "kind");
  const terms = member(json, "terms");
  const digest = member(json, "digest");
  const stored = member(json, "signer");
  const signer = stored === null ? null : decodeSigner(stored);
  const marks = MARK_NAMES.map((name) => [name, member(json, name)] as const);
  if (typeof termsVersion !== "number" || !isTexts(terms) || !isTextOrNull(digest) || !isKind(kind)) return null;
  if ((signer === null) !== (stored === null) || !marks.every(([, value]) => isTextOrNull(value))) return null;
  return {
    termsVersion,
    kind,
    terms,
    digest,
    signer,
    ...(Object.fromEntries(marks) as Record<MarkName, string | null>),
  };
}

const isKind = (json: unknown): json is EntryKind => (ENTRY_KINDS as readonly unknown[]).includes(json);

const isTextOrNull = (json: unknown): json is string | null => json === null || typeof json === "string";
