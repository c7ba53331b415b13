// SPDX-License-Identifier: Apache-2.0
// A proposed entry of any kind.

import type { JsonObject } from "../json/member.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import type { Result } from "../result.ts";
import type { EntryProblem } from "./problem.ts";
import type { Verifier } from "./verifier.ts";

/** A proposed entry whose signature is not verified yet. */
export interface ProposedEntry {
  /** The canonical body: what the leaf hash covers. */
  readonly body: Uint8Array;
  readonly verifier: Verifier;
  /** The hints of an attestation; null for every other entry. */
  readonly hints: AttestationHints | null;
  /** Fails with v1_entry_invalid if the signature is not the verifier's. */
  readonly verify: () => Promise<Result<null, EntryProblem>>;
}

/** Parses `spec` of one kind and version. */
export type SpecParser = (spec: JsonObject) => Result<ProposedEntry, EntryProblem>;
