// SPDX-License-Identifier: Apache-2.0
// The contract of a sequencer: appending entries, reading the tail, describing the log.

import type { LoggedCertificate } from "../ct/sct.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import type { Result } from "../result.ts";
import type { SearchRow } from "../search/row.ts";
import type { UnixMs } from "../time.ts";
import type { SignedTreeHead } from "../tlog/head.ts";

export interface SignatureSubmission {
  /** Canonical body of the entry: what the leaf hash covers. At most 32 KiB. */
  readonly body: Uint8Array;
  readonly search: SearchRow;
  readonly hints: AttestationHints | null;
}

/** A checked certificate or precertificate; the sequencer adds index and time to make the leaf (static-ct-api). */
export interface CertificateSubmission {
  readonly entryType: "x509_entry" | "precert_entry";
  /** SHA-256 of the issuing CA's SPKI; of a precert_entry only. */
  readonly issuerKeyHash: Uint8Array | null;
  /** The certificate, or of a precert_entry the TBSCertificate without the poison. */
  readonly signedEntry: Uint8Array;
  /** The precertificate as submitted; of a precert_entry only. */
  readonly precertificate: Uint8Array | null;
  /** SHA-256 of each certificate of the chain, issuer first, root last. */
  readonly chainFingerprints: readonly Uint8Array[];
  readonly search: SearchRow;
}

export interface Appended extends Omit<SignedTreeHead, "timestamp"> {
  readonly kind: "appended";
  readonly leafIndex: number;
  /** When the entry was appended. */
  readonly timestamp: UnixMs;
  /** Inclusion proof of the leaf in the tree of `treeSize`, leaf to root (RFC 6962 §2.1.1). */
  readonly proof: readonly Uint8Array[];
}

/** The same body has been in the log since an earlier round; its proof is made from tiles. */
export interface Duplicate {
  readonly kind: "duplicate";
  readonly leafIndex: number;
}

export type AppendError =
  /** The pool is full, or a waiter's 10 s have passed: the entry may or may not be in the log; the same entry again is safe. */
  | { readonly code: "log_busy"; readonly retryAfterSeconds: number }
  /** The log has stopped writing: it disagrees with its anchor or with R2. Reads go on. `reason` says what an operator should do. */
  | { readonly code: "log_refusing"; readonly reason: string }
  /** The log takes no entries any more, for good. `writeTo` is the URL of the one of its kind that does, null if none does. */
  | { readonly code: "log_frozen"; readonly writeTo: string | null }
  /** The anchor or R2 could not be reached at start; a retry can help. */
  | { readonly code: "log_starting"; readonly reason: string }
  /** The clock is more than 60 s behind the log's last timestamp. */
  | { readonly code: "clock_behind"; readonly lastTimestamp: UnixMs; readonly now: UnixMs }
  /** The entry is in the log, and its tree has no quorum of witnesses yet: the same entry again gives its place and proof. */
  | { readonly code: "witnesses_missing"; readonly retryAfterSeconds: number }
  | { readonly code: "entry_too_large"; readonly maxBytes: number };

/** `published`: it is in R2 by now, read there again. `beyond`: the tree does not reach so far. */
export type TailAnswer<T> =
  | { readonly kind: "found"; readonly value: T }
  | { readonly kind: "published" }
  | { readonly kind: "beyond" };

export interface TailEntry {
  /** The record as it stands in its bundle, without the length prefix of tile/entries: canonical body, or TileLeaf of static-ct-api. */
  readonly record: Uint8Array;
  readonly timestamp: UnixMs;
  readonly hints: AttestationHints | null;
}

export interface LogDescription {
  readonly origin: string;
  /** 0 of a log that refuses to write because its storage is lost or damaged: nobody knows. */
  readonly createdAt: UnixMs;
  /** When it took its last entry at the latest; null while it is not frozen. Never goes back to null. */
  readonly frozenAt: UnixMs | null;
  /** SubjectPublicKeyInfo of the log's ECDSA P-256 key, DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of `spki`. */
  readonly logId: Uint8Array;
  /** vkeys of all signature lines of a checkpoint, in their order (c2sp.org/signed-note). */
  readonly vkeys: readonly string[];
  readonly treeSize: number;
  /** Entries below this are in full tiles in R2; the others in the sequencer's own storage. */
  readonly publishedEntries: number;
  /** Entries below this are in the search index. */
  readonly indexedEntries: number;
  /** Of the newest tree head, null before the first. */
  readonly headTimestamp: UnixMs | null;
  /** Size of the newest tree with a quorum of witnesses; null for a log without witnesses, or before they were asked. */
  readonly witnessedSize: number | null;
  readonly state: "running" | "starting" | "refusing" | "frozen";
  /** Why it does not run, null if it does. */
  readonly reason: string | null;
}

/** The Durable Object of one log; its name is the log's name. A rejected promise is the platform's failure: answer 503. */
export interface SequencerRpc extends Rpc.DurableObjectBranded {
  appendSignature(submission: SignatureSubmission): Promise<Result<Appended | Duplicate, AppendError>>;
  appendCertificate(submission: CertificateSubmission): Promise<Result<LoggedCertificate, AppendError>>;
  head(): Promise<SignedTreeHead>;
  /** Hashes of a tile's first `width` (1 to 256) nodes, 32 bytes each. */
  readTile(level: number, tileIndex: number, width: number): Promise<TailAnswer<Uint8Array>>;
  /** The first `width` records of a bundle as they stand in tile/entries or tile/data. */
  readBundle(bundleIndex: number, width: number): Promise<TailAnswer<Uint8Array>>;
  readEntry(leafIndex: number): Promise<TailAnswer<TailEntry>>;
  describe(): Promise<LogDescription>;
}
