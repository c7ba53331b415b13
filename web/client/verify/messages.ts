// SPDX-License-Identifier: Apache-2.0
// The messages between the page and the Web Worker that hashes.

import type { ArtifactDigests } from "../../../shared/bundle/artifact.ts";
import type { HashAlgorithm } from "../../../shared/crypto/hash.ts";

/** Hashes a file; null stops whatever runs. */
export interface ToWorker {
  readonly id: number;
  readonly file: Blob | null;
  readonly algorithms: readonly HashAlgorithm[];
}

/** Each answer has the id of its request. */
export type FromWorker = { readonly id: number } & (
  | { readonly kind: "progress"; readonly done: number }
  | { readonly kind: "done"; readonly digests: ArtifactDigests }
  | { readonly kind: "failed"; readonly reason: string }
);
