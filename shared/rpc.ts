// SPDX-License-Identifier: Apache-2.0
// The contracts between workers. Workers never import each other; what crosses is plain data and Result values.

import type { Result } from "./result.ts";
import type { UnixMs } from "./time.ts";
import type { Expiry } from "./trust/expiry.ts";

// ---- what the search index keeps of an entry (migrations/) ----

/** Made by the versioned pure functions of shared/search/terms.ts from leaf and hints, so that it can be rebuilt. */
export interface SearchRow {
  /** Of the functions that made the row (TERMS_VERSION). */
  readonly termsVersion: number;
  /** What the entry is found by: `digest:sha256:<hex>`, `email:<lower case>`, `key:<hex sha256 of SPKI>`, …; no duplicates. */
  readonly terms: readonly string[];
  /** `sha256:<hex>` of what was signed (an attestation: of its first subject if it has one), null for a certificate. */
  readonly digest: string | null;
  /** The subjectAltName as written, null for a bare key. */
  readonly identity: string | null;
  /** The OpenID Connect issuer, null for a bare key. */
  readonly issuer: string | null;
}

/** What an attestation says that its leaf does not hold. Kept in the sidecar meta/<N>. */
export interface AttestationHints {
  /** `sha256:<hex>` of the payload. */
  readonly payloadHash: string;
  /** `<algorithm>:<hex>` of each subject of an in-toto statement. */
  readonly subjectDigests: readonly string[];
  readonly predicateType: string | null;
}

// ---- appending ----

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

export interface Appended {
  readonly kind: "appended";
  readonly leafIndex: number;
  readonly timestamp: UnixMs;
  readonly treeSize: number;
  readonly rootHash: Uint8Array;
  /** Inclusion proof of the leaf in the tree of `treeSize`, leaf to root (RFC 6962 §2.1.1). */
  readonly proof: readonly Uint8Array[];
  /** The signed note of that tree. */
  readonly checkpoint: string;
}

/** The same body has been in the log since an earlier round; its proof is made from tiles. */
export interface Duplicate {
  readonly kind: "duplicate";
  readonly leafIndex: number;
}

/** RFC 6962 §3.2, version 1. */
export interface SignedCertificateTimestamp {
  /** SHA-256 of the log's SPKI. */
  readonly logId: Uint8Array;
  readonly timestamp: UnixMs;
  /** CtExtensions: the leaf_index extension of static-ct-api, 8 bytes. */
  readonly extensions: Uint8Array;
  /** ASN.1 DER ECDSA signature over SHA-256. */
  readonly signature: Uint8Array;
}

/** The promise of a log, and the key to hold it against. */
export interface LoggedCertificate extends SignedCertificateTimestamp {
  /** SubjectPublicKeyInfo of the log's key, DER. */
  readonly spki: Uint8Array;
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

// ---- reading the tail ----

export interface Head {
  readonly treeSize: number;
  readonly rootHash: Uint8Array;
  readonly timestamp: UnixMs;
  /** The signed note. */
  readonly checkpoint: string;
}

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
  head(): Promise<Head>;
  /** Hashes of a tile's first `width` (1 to 256) nodes, 32 bytes each. */
  readTile(level: number, tileIndex: number, width: number): Promise<TailAnswer<Uint8Array>>;
  /** The first `width` records of a bundle as they stand in tile/entries or tile/data. */
  readBundle(bundleIndex: number, width: number): Promise<TailAnswer<Uint8Array>>;
  readEntry(leafIndex: number): Promise<TailAnswer<TailEntry>>;
  describe(): Promise<LogDescription>;
}

// ---- the newest head of a log, apart from it ----

/** A tree head as an anchor remembers it. */
export interface AnchoredHead {
  readonly treeSize: number;
  readonly rootHash: Uint8Array;
}

export interface Advance {
  /** Null only where no head has ever been held. */
  readonly from: AnchoredHead | null;
  readonly to: AnchoredHead;
}

/** The Durable Object that holds the newest head of one log, ours or one that we witness. A rejected promise is the platform's failure. */
export interface AnchorRpc extends Rpc.DurableObjectBranded {
  read(): Promise<AnchoredHead | null>;
  /** True once `to` is durable there; false if the anchor holds neither `from` nor `to`. Safe to repeat. */
  advance(step: Advance): Promise<boolean>;
  /**
   * Moves from exactly this head to the next, at most once: of several that start from one head one is taken, also if they all
   * lead to the same. Gives what is held then, durably.
   */
  exchange(step: Advance): Promise<{ readonly isTaken: boolean; readonly held: AnchoredHead | null }>;
}

/** Name of the anchor of a log that we witness. No log of ours has a space in its name. */
export const witnessedName = (origin: string): string => `witness ${origin}`;

// ---- tokens that are good for one certificate ----

/** The Durable Object of the tokens of one issuer; its name is the issuer's URL. A rejected promise is the platform's failure. */
export interface UsedTokensRpc extends Rpc.DurableObjectBranded {
  /**
   * True for the first that asks for a token, false for everybody after it.
   * @param token hex SHA-256 of what is signed of it
   */
  use(token: string, expiresAt: UnixMs): Promise<boolean>;
  /** Whether `use` would refuse the token. Uses nothing up. */
  isUsed(token: string): Promise<boolean>;
  /** Nothing came of its use, so it may be used again. */
  release(token: string): Promise<void>;
}

// ---- the TUF repository ----

/** Everything that is served below /tuf/, as it is at one moment. */
export type TufView =
  /** This deployment has no repository, and never had one. */
  | { readonly kind: "absent" }
  /** It was given one that no client would accept. */
  | { readonly kind: "refused"; readonly problems: readonly string[] }
  | TufServing;

export interface TufServing {
  readonly kind: "serving";
  /** Of the newest root. */
  readonly rootVersion: number;
  /** Texts by path below /tuf/: `1.root.json`, `targets/<sha256>.trusted_root.json`; also those that newer ones have replaced lately. */
  readonly documents: Readonly<Record<string, string>>;
  /** The path of each target by its name. */
  readonly targets: Readonly<Record<string, string>>;
  readonly expiries: readonly Expiry[];
  /** What is wrong beside that: sentences that say what to do. */
  readonly problems: readonly string[];
}

/** The Durable Object of the repository; its name is PublicUrl.href. A rejected promise is the platform's failure. */
export interface TufRepositoryRpc extends Rpc.DurableObjectBranded {
  /** Takes over what was deployed, signs what is due, and shows everything. */
  serve(): Promise<TufView>;
}

// ---- the built-in OpenID provider ----

/** What the CA needs of the oidc service: our own issuer's keys, without fetching our own host name. */
export interface OidcKeysRpc extends Rpc.WorkerEntrypointBranded {
  /** JWK Set of the public keys (RFC 7517 §5). */
  jwks(): Promise<{ readonly keys: readonly JsonWebKey[] }>;
}
