// SPDX-License-Identifier: Apache-2.0
// The contract of a sequencer: append entries, read the tail, describe the log.

import type { CheckedCertificate } from "../ct/chain.ts";
import type { LoggedCertificate } from "../ct/sct.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import type { Result } from "../result.ts";
import type { SearchRow } from "../search/row.ts";
import type { UnixMs } from "../time.ts";
import type { SignedTreeHead } from "../tlog/head.ts";

/** A verified entry of a signature log. */
export interface SignatureSubmission {
  /** Canonical body of the entry, which the leaf hash covers. At most 32 KiB. */
  readonly body: Uint8Array;
  readonly search: SearchRow;
  readonly hints: AttestationHints | null;
  /** Leaf hashes of the bodies that say the same with another ECDSA signature (shared/rekor/other-forms.ts). */
  readonly otherForms: readonly Uint8Array[];
  /** Null for an entry that the log writes itself. */
  readonly budget: WriteBudget | null;
}

/**
 * How many entries a writer may have logged, and until when the log counts them. The log counts entries with equal
 * `writer` and `until` together, and forgets the count after `until`.
 */
export interface WriteBudget {
  /** Who writes: the holder of a certificate, or of a key alone. */
  readonly kind: "certificate" | "key";
  /** SHA-256 of the writer's SubjectPublicKeyInfo. */
  readonly writer: Uint8Array;
  /** 0: nothing new, so that only the place of an entry that is logged already is answered. */
  readonly entries: number;
  readonly until: UnixMs;
}

/** The writer has as many entries in the log as its budget allows. */
export interface WriterExhausted extends Pick<WriteBudget, "kind" | "entries" | "until"> {
  readonly code: "writer_exhausted";
  /** Until the count ends. */
  readonly retryAfterSeconds: number;
}

/** A checked certificate or precertificate, with its search terms. */
export interface CertificateSubmission extends CheckedCertificate {
  readonly search: SearchRow;
}

/** The entry was appended in this round. `rootHash` and `checkpoint` are those of the tree of `treeSize`. */
export interface Appended extends Omit<SignedTreeHead, "timestamp"> {
  readonly kind: "appended";
  readonly leafIndex: number;
  /** When the entry was appended. */
  readonly timestamp: UnixMs;
  /** Whether the public is shown this head at once. False while it lacks its witnesses. */
  readonly isShown?: boolean;
  /** Inclusion proof of the leaf in the tree of `treeSize`, leaf to root (RFC 6962 §2.1.1). */
  readonly proof: readonly Uint8Array[];
}

/** An earlier round logged the same body. The caller makes the proof from tiles. */
export interface Duplicate {
  readonly kind: "duplicate";
  readonly leafIndex: number;
}

/** A log's promise that an entry has its index since a time (shared/rekor-v1/promise.ts). */
export interface EntryPromise {
  readonly timestamp: UnixMs;
  /** ECDSA in ASN.1 DER. */
  readonly signature: Uint8Array;
}

/** The place of an entry in a Rekor v1 log, with the promise of it. */
export interface PromisedEntry {
  readonly answer: Appended | Duplicate;
  readonly promise: EntryPromise;
}

export type AppendError =
  /** The pool is full, or a waiter's deadline of 10 s passed: the entry may or may not be logged. Safe to retry. */
  | { readonly code: "log_busy"; readonly retryAfterSeconds: number }
  /**
   * The log refuses to write because it disagrees with its anchor or with R2. It can still be read. `reason` tells the
   * operator what to do.
   */
  | { readonly code: "log_refusing"; readonly reason: string }
  /**
   * The log is frozen for good. `writeTo` is the URL of a log of its kind that accepts entries, null if there is none.
   */
  | { readonly code: "log_frozen"; readonly writeTo: string | null }
  /**
   * The storage of the log is full. `writeTo` is the URL of a log of its kind that accepts entries, null if there is
   * none.
   */
  | { readonly code: "log_full"; readonly writeTo: string | null }
  /** The plan's daily rows are used up. Entries are accepted again at 00:00 UTC. */
  | { readonly code: "log_over_quota"; readonly retryAfterSeconds: number }
  /** The anchor or R2 could not be reached at start. A retry can help. */
  | { readonly code: "log_starting"; readonly reason: string }
  /** The clock is more than 60 s behind the log's last timestamp. */
  | { readonly code: "clock_behind"; readonly lastTimestamp: UnixMs; readonly now: UnixMs }
  /** The entry is logged, but its tree has no quorum of witnesses yet. A retry returns its index and proof. */
  | { readonly code: "witnesses_missing"; readonly retryAfterSeconds: number }
  | WriterExhausted
  /** The log has the same thing at `leafIndex`, encoded or signed differently, and takes it once. */
  | { readonly code: "entry_in_other_form"; readonly leafIndex: number }
  | { readonly code: "entry_too_large"; readonly maxBytes: number };

/** `published`: the object is in R2 by now, so read it there. `beyond`: the tree is not that large. */
export type TailAnswer<T> =
  | { readonly kind: "found"; readonly value: T }
  | { readonly kind: "published" }
  | { readonly kind: "beyond" };

/** One entry of the tail. */
export interface TailEntry {
  /**
   * The record as in its bundle, without the length prefix of tile/entries: a canonical body, or a TileLeaf of
   * static-ct-api.
   */
  readonly record: Uint8Array;
  readonly timestamp: UnixMs;
  readonly hints: AttestationHints | null;
}

/** The state of a log, for the trust root, health checks and /api/logs. */
export interface LogDescription {
  readonly origin: string;
  /**
   * Random, chosen at the creation of the log; the search index names it (migrations/). Null if unknown: the storage is
   * lost or damaged.
   */
  readonly creation: string | null;
  /** 0 if unknown: the log refuses to write because its storage is lost or damaged. */
  readonly createdAt: UnixMs;
  /** No entry was accepted after this time. Null while the log is not frozen; never becomes null again. */
  readonly frozenAt: UnixMs | null;
  /** SubjectPublicKeyInfo of the log's ECDSA P-256 key, DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of `spki`. */
  readonly logId: Uint8Array;
  /** vkeys of all signature lines of a checkpoint, in order (c2sp.org/signed-note). */
  readonly vkeys: readonly string[];
  readonly treeSize: number;
  /** Entries below this index are in full tiles in R2, the others in the sequencer's storage. */
  readonly publishedEntries: number;
  /** Entries below this index are in the search index. */
  readonly indexedEntries: number;
  /** Timestamp of the newest tree head, null before the first. */
  readonly headTimestamp: UnixMs | null;
  /** Size of the newest tree with a quorum of witnesses. Null if the log has no witnesses or has not asked them yet. */
  readonly witnessedSize: number | null;
  /** Bytes of the log's storage, and how many it can hold. */
  readonly storageBytes: number;
  readonly storageLimitBytes: number;
  readonly state: "running" | "starting" | "refusing" | "frozen" | "full" | "over_quota";
  /** Why the log is not running; null if it is. */
  readonly reason: string | null;
}

/** The Durable Object of one log, named after it. A rejected promise is the platform's failure: answer 503. */
export interface SequencerRpc extends Rpc.DurableObjectBranded {
  appendSignature(submission: SignatureSubmission): Promise<Result<Appended | Duplicate, AppendError>>;
  appendCertificate(submission: CertificateSubmission): Promise<Result<LoggedCertificate, AppendError>>;
  /** Appends an entry to a Rekor v1 log. */
  appendPromised(submission: SignatureSubmission): Promise<Result<PromisedEntry, AppendError>>;
  /** Finds the indexes of entries by their leaf hashes, at most ten; null for a leaf that the log does not have. */
  findEntries(leafHashes: readonly Uint8Array[]): Promise<readonly (number | null)[]>;
  /** Promises the place of an entry of a Rekor v1 log again. Null if the log does not have this body. */
  signPromise(body: Uint8Array): Promise<EntryPromise | null>;
  /**
   * Returns the head that is shown to the public or, if that has fewer than `minTreeSize` (default 0) entries, the
   * newest. So what was acknowledged can be proven at once, although a smaller cosigned head is still shown.
   */
  head(minTreeSize?: number): Promise<SignedTreeHead>;
  /** Returns the first `width` (1 to 256) hashes of a tile, 32 bytes each. */
  readTile(level: number, tileIndex: number, width: number): Promise<TailAnswer<Uint8Array>>;
  /** Returns the first `width` records of a bundle as in tile/entries or tile/data. */
  readBundle(bundleIndex: number, width: number): Promise<TailAnswer<Uint8Array>>;
  readEntry(leafIndex: number): Promise<TailAnswer<TailEntry>>;
  describe(): Promise<LogDescription>;
}
