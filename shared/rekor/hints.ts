// SPDX-License-Identifier: Apache-2.0
// What an attestation says beyond its leaf.

/** What an attestation says that its leaf does not hold. Kept in the sidecar meta/<N>. */
export interface AttestationHints {
  /** `sha256:<hex>` of the payload. */
  readonly payloadHash: string;
  /** `<algorithm>:<hex>` of each subject of an in-toto statement. */
  readonly subjectDigests: readonly string[];
  readonly predicateType: string | null;
}
