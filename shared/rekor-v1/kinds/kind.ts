// SPDX-License-Identifier: Apache-2.0
// The interface of one kind and version of entries. To add one, add a file to this folder and a row to kinds.ts.

import type { JsonObject } from "../../json/member.ts";
import type { AttestationHints } from "../../rekor/hints.ts";
import type { Result } from "../../result.ts";
import type { EntryProblem } from "../problem.ts";
import type { Verifier } from "../verifier.ts";

/** One kind and version. */
export interface V1Kind {
  /**
   * Parses `spec` of a proposed entry. Parsing is cheap; verify() does the expensive part, so that a write policy can
   * refuse first. Fails with v1_entry_invalid.
   */
  readonly parse: (spec: JsonObject) => Result<ProposedEntry, EntryProblem>;
  /** Reads `spec` of a body; null if it is not one of this kind. */
  readonly readStored: (spec: JsonObject) => StoredSpec | null;
}

/** A proposed entry whose signatures are not verified yet. */
export interface ProposedEntry {
  /** The canonical body: what the leaf hash covers. */
  readonly body: Uint8Array;
  /** Whose signatures the entry has: the write policy must accept each of them. */
  readonly verifiers: readonly [Verifier, ...Verifier[]];
  /** The hints of an attestation; null for every other entry. */
  readonly hints: AttestationHints | null;
  /** The payload of an attestation that the log keeps beside the entry; absent for a kind that keeps none. */
  readonly attestation?: Uint8Array;
  /** Fails with v1_entry_invalid if a signature is not its verifier's. */
  readonly verify: () => Promise<Result<null, EntryProblem>>;
}

/** The signatures and digests in `spec` of a body. The search index is made of them. */
export interface StoredSpec {
  readonly signatures: readonly [StoredSignature, ...StoredSignature[]];
  /** `<algorithm>:<hex>` of what was signed, in lower case: first that of the artifact or of the payload. */
  readonly digests: readonly [string, ...string[]];
  /** `sha256:<hex>` of the payload that the log may keep beside the entry; absent for a kind that keeps none. */
  readonly attestation?: string;
}

/** A signature and whose it is. */
export interface StoredSignature {
  /** Null if the entry does not have it. */
  readonly signature: Uint8Array | null;
  readonly verifier: Verifier;
}
