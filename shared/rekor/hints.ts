// SPDX-License-Identifier: Apache-2.0
// Hints: the part of an attestation that its leaf does not hold.

import { member } from "../json/member.ts";

/** Search data of an attestation. Stored in the sidecar meta/<N>; the log does not prove it. */
export interface AttestationHints {
  /** `sha256:<hex>` of the payload. */
  readonly payloadHash: string;
  /** `<algorithm>:<hex>` of each subject of an in-toto statement. */
  readonly subjectDigests: readonly string[];
  readonly predicateType: string | null;
}

/** Decodes stored hints, null if they are not of this form. */
export function decodeHints(json: unknown): AttestationHints | null {
  const payloadHash = member(json, "payloadHash");
  const subjectDigests = member(json, "subjectDigests");
  const predicateType = member(json, "predicateType");
  if (typeof payloadHash !== "string" || !isTexts(subjectDigests)) return null;
  return predicateType === null || typeof predicateType === "string"
    ? { payloadHash, subjectDigests, predicateType }
    : null;
}

const isTexts = (json: unknown): json is readonly string[] =>
  Array.isArray(json) && json.every((item) => typeof item === "string");
