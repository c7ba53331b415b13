// SPDX-License-Identifier: Apache-2.0
// Hints: the part of an attestation that its leaf does not hold.

import { isTexts, member } from "../json/member.ts";

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

const PAYLOAD_HASH = /^sha256:[0-9a-f]{64}$/;
const DIGEST = /^[a-z0-9_-]{1,32}:(?:[0-9a-f]{2}){1,64}$/;
/** The most that any version has kept. */
const MAX_DIGESTS = 512;
const MAX_PREDICATE_TYPE_CHARS = 512;

/**
 * Whether readAttestationHints (dsse.ts), in this version or an earlier one, can have made the hints. Whether it made
 * them of the payload that was signed cannot be seen from an entry, which holds only a digest.
 */
export const arePossible = ({ payloadHash, subjectDigests, predicateType }: AttestationHints): boolean =>
  PAYLOAD_HASH.test(payloadHash) &&
  subjectDigests.length <= MAX_DIGESTS &&
  new Set(subjectDigests).size === subjectDigests.length &&
  subjectDigests.every((digest) => DIGEST.test(digest)) &&
  (predicateType === null || predicateType.length <= MAX_PREDICATE_TYPE_CHARS);
