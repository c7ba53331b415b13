// SPDX-License-Identifier: Apache-2.0

/** Creates the objects of attestations in R2. */
export interface AttestationStore {
  /** Creates an object; one of this name stays as it is. Rejects if R2 fails. */
  readonly create: (key: string, bytes: Uint8Array) => Promise<void>;
}
