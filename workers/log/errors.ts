// SPDX-License-Identifier: Apache-2.0
// The errors of the log service. status.ts and rekor-v2/add-entry-status.ts give each its answer.

import type { SubmittedChainError } from "../../shared/ct/chain.ts";
import type { BodyError } from "../../shared/http/body.ts";
import type { JsonError } from "../../shared/json/parse.ts";
import type { FieldError } from "../../shared/json/proto.ts";
import type { EntryKindMissing } from "../../shared/rekor/request.ts";
import type { EntryRequestError } from "../../shared/rekor/verify.ts";
import type { AppendError } from "../../shared/rpc/sequencer.ts";
import type { UnixMs } from "../../shared/time.ts";
import type { TilePathError } from "../../shared/tlog/tile.ts";
import type { ProveError } from "./reading/prover.ts";
import type { WritePolicyError } from "./rekor-v2/write-policy.ts";
import type { SearchQueryError } from "./search/query.ts";
import type { SearchUnavailable } from "./search/search-index.ts";

/** Everything that can keep a read or a submitted chain from succeeding. */
export type LogError =
  | AppendError
  | BodyError
  | SubmittedChainError
  | ChainRequestError
  | EntryPathError
  | MetaPathError
  | ProofQueryError
  | ProveError
  | RecordError
  | SearchQueryError
  | SearchUnavailable
  | AttestationError
  | TilePathError
  /** The key of the CA that issued the submitted certificate, or one above it, is retired. */
  | { readonly code: "submitted_issuer_retired"; readonly retiredAt: UnixMs }
  | { readonly code: "issuer_unknown" }
  | { readonly code: "submitted_certificate_expired"; readonly notAfter: UnixMs }
  | { readonly code: "writes_limited" }
  | { readonly code: "path_unknown" }
  | { readonly code: "method_wrong"; readonly allow: string }
  | { readonly code: "service_failed"; readonly requestId: string };

/** Everything that can keep POST /api/v2/log/entries from succeeding. */
export type AddEntryError =
  | BodyError
  | JsonError
  | FieldError
  | EntryKindMissing
  | EntryRequestError
  | WritePolicyError
  | AppendError
  /** An earlier round logged the entry, but its proof cannot be made now. */
  | { readonly code: "entry_unproven"; readonly leafIndex: number; readonly cause: ProveError };

/** POST add-chain or add-pre-chain: the body is not a chain of certificates. */
export interface ChainRequestError {
  readonly code: "chain_request_invalid";
  readonly problem: "json" | "members" | "base64" | "too_many";
}

/** GET /api/entries/…: the path or `?log=` is wrong. */
interface EntryPathError {
  readonly code: "entry_index_invalid" | "entry_log_unknown";
}

/** The record does not parse, although its bundle is complete. */
interface RecordError {
  readonly code: "record_damaged";
  readonly log: string;
  readonly leafIndex: number;
}

/** GET /api/meta/…: the path is wrong. */
interface MetaPathError {
  readonly code: "bundle_index_invalid";
}

/** POST /api/search/attestations. */
export type AttestationError =
  | { readonly code: "attestation_invalid"; readonly problem: "json" | "envelope" | "subjects" }
  /** No indexed entry has a signature over the envelope. */
  | { readonly code: "attestation_unknown" };

/** GET /api/proof/…: the query is wrong. */
export interface ProofQueryError {
  readonly code: "proof_query_invalid";
  readonly problem: "unknown" | "repeated" | "number" | "index_above_size" | "from_above_to" | "log";
}
